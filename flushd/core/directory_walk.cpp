#include "flushd/core/directory_walk.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace flushd {

using postfix_proto::last_error;

std::error_code directory_walk::enter(std::string path, postfix_proto::file_descriptor opened) {
    std::unique_ptr<DIR, closer> entries(::fdopendir(opened.get()));
    if (!entries)
        return last_error();
    static_cast<void>(opened.release());
    open_.push_back({std::move(path), std::move(entries)});
    return {};
}

std::error_code directory_walk::enter(const std::string& path) {
    postfix_proto::file_descriptor opened(
        ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
    return opened ? enter(path, std::move(opened)) : last_error();
}

postfix_proto::result<std::optional<directory_walk::entry>> directory_walk::next() {
    for (;;) {
        auto& [path, entries] = open_.back();
        errno = 0;
        const dirent* const found = ::readdir(entries.get());
        if (found == nullptr) {
            const auto failure = last_error();
            open_.pop_back();
            if (failure)
                return postfix_proto::unexpected(failure);
            return std::nullopt;
        }
        const std::string_view name = found->d_name;
        if (name == "." || name == "..")
            continue;
        entry result{path, std::string(name), ::dirfd(entries.get())};
        if (!path.empty())
            result.path += '/';
        result.path += name;
        return std::optional(std::move(result));
    }
}

} // namespace flushd
