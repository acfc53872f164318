#include "flushd/core/data_file.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_id.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace flushd {

using postfix_proto::errno_text;
using postfix_proto::file_descriptor;
using postfix_proto::last_error;
using postfix_proto::startup_error;
using postfix_proto::unexpected;

namespace {

/// Changes to another user during its lifetime, if the process runs as root.
class other_user {
public:
    explicit other_user(const std::string& user) {
        if (::geteuid() != 0)
            return;
        const passwd* const entry = ::getpwnam(user.c_str());
        if (entry == nullptr)
            throw startup_error(fmt::format("getpwnam({}): unknown user", user));
        gid_ = ::getegid();
        if (::setegid(entry->pw_gid) < 0 || ::seteuid(entry->pw_uid) < 0)
            throw startup_error(fmt::format("cannot become {}: {}", user, errno_text(errno)));
        is_other_ = true;
    }
    other_user(const other_user&) = delete;
    other_user& operator=(const other_user&) = delete;
    ~other_user() {
        // If this fails, a later step such as chroot(2) fails with a message.
        if (is_other_ && ::seteuid(0) == 0)
            static_cast<void>(::setegid(gid_) == 0);
    }

private:
    gid_t gid_ = 0;
    bool is_other_ = false;
};

} // namespace

std::string data_file_path(const std::string& data_directory, const std::string& service_name,
                           std::string_view kind) {
    const bool has_own_name =
        service_name != "flush" && postfix_proto::is_queue_file_name(service_name);
    return fmt::format("{}/flushd{}.{}", data_directory, has_own_name ? '-' + service_name : "",
                       kind);
}

postfix_proto::result<file_descriptor> open_data_file(const std::string& path,
                                                      const std::string& user) {
    const other_user as_the_user(user);
    file_descriptor file(::open(
        path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) < 0)
        return unexpected(last_error());
    if (!S_ISREG(status.st_mode))
        return unexpected(std::make_error_code(std::errc::invalid_argument));
    return file;
}

} // namespace flushd
