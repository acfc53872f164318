#include "flushd/core/replace_file.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace flushd {

using postfix_proto::file_descriptor;
using postfix_proto::unexpected;

namespace {

unexpected<std::string> cannot(std::string_view what, const std::string& path, int error) {
    return unexpected(
        fmt::format("cannot {} {}: {}", what, path, postfix_proto::errno_text(error)));
}

/// Removes the file, unless it has another name by then.
class temporary_file {
public:
    explicit temporary_file(std::string path) : path_(std::move(path)) {}
    ~temporary_file() {
        if (!path_.empty())
            ::unlink(path_.c_str());
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    /// False, with errno set, when it cannot be.
    bool rename_to(const std::string& path) {
        if (::rename(path_.c_str(), path.c_str()) < 0)
            return false;
        path_.clear();
        return true;
    }

private:
    std::string path_;
};

} // namespace

postfix_proto::result<void, std::string>
replace_file(const std::string& path, std::string_view text, const file_access& access) {
    auto name = path + ".flushd-XXXXXX";
    const file_descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file)
        return cannot("create", path, errno);
    temporary_file temporary(std::move(name));
    if (const auto failure = postfix_proto::write_all(file.get(), text))
        return cannot("write", path, failure.value());
    if (access.age.count() != 0) {
        const timespec then{::time(nullptr) - static_cast<time_t>(access.age.count()), 0};
        const timespec times[] = {then, then};
        if (::futimens(file.get(), times) < 0)
            return cannot("write", path, errno);
    }
    // The owner first: it may take away set-user-ID bits of the mode.
    if (::fchown(file.get(), access.owner, access.group) < 0 ||
        ::fchmod(file.get(), access.mode) < 0 || ::fsync(file.get()) < 0)
        return cannot("write", path, errno);
    if (!temporary.rename_to(path))
        return cannot("replace", path, errno);
    return {};
}

} // namespace flushd
