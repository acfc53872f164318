#include "flushd/tool/postfix/file_image.hpp"

#include "flushd/core/replace_file.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace flushd::tool {

namespace fs = std::filesystem;
using postfix_proto::errno_text;
using postfix_proto::read_whole_file;

namespace {

// More than any configuration file has.
constexpr std::size_t longest_file = std::size_t{64} << 20U;

// A program of Postfix that starts within two seconds after main.cf was modified waits and reads it
// again, in case it was read half-written; since 3.8 it has lost config_directory then
// (util/dict.c), and a table whose name has $config_directory is not found. A file that is renamed
// into place is never half-written.
constexpr std::chrono::seconds settled_age{3};

[[noreturn]] void fail_with_errno(std::string_view what, const std::string& path) {
    throw tool_error(fmt::format("cannot {} {}: {}", what, path, errno_text(errno)), EX_CANTCREAT);
}

/// In /proc, a blank, backslash or newline in a path is written as \ and three octal digits.
std::string unescape(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size()) {
            unsigned code = 0;
            for (int digit = 0; digit < 3; ++digit)
                code = code * 8 + static_cast<unsigned>(text[++at] - '0');
            result += static_cast<char>(code);
        } else {
            result += text[at];
        }
    }
    return result;
}

bool is_mount_point(const std::string& path) {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        // Number, parent's number, device, root, mount point.
        std::istringstream words(line);
        std::string word;
        for (int number = 0; number < 5; ++number)
            words >> word;
        if (words && unescape(word) == path)
            return true;
    }
    return false;
}

} // namespace

file_image::file_image(std::string path) : path_(std::move(path)) {
    auto text = read_whole_file(path_, longest_file);
    if (!text || ::stat(path_.c_str(), &status_) < 0)
        throw tool_error(fmt::format("cannot read {}", path_), EX_NOINPUT);
    text_ = *std::move(text);
}

std::optional<file_image> file_image::read_if_there(const std::string& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return std::nullopt;
    return file_image(path);
}

void file_image::write(std::string_view text, const std::string& path) const {
    const auto written = replace_file(path, text,
                                      {.mode = status_.st_mode & 07777U,
                                       .owner = status_.st_uid,
                                       .group = status_.st_gid,
                                       .age = settled_age});
    if (!written)
        throw tool_error(written.error(), EX_CANTCREAT);
}

void file_image::restore_owner() const {
    if (::chown(path_.c_str(), status_.st_uid, status_.st_gid) < 0 ||
        ::chmod(path_.c_str(), status_.st_mode & 07777U) < 0)
        fail_with_errno("restore the owner and mode of", path_);
}

bool file_image::is_in_place() const {
    const auto text = read_whole_file(path_, longest_file);
    struct stat now {};
    return text && ::stat(path_.c_str(), &now) == 0 && *text == text_ &&
           now.st_uid == status_.st_uid && now.st_gid == status_.st_gid &&
           now.st_mode == status_.st_mode;
}

std::optional<std::string> why_not_replaceable(const std::string& path) {
    std::error_code error;
    const auto real = fs::canonical(path, error);
    if (error) // no such file; examine the directory
        error.clear();
    else if (is_mount_point(real))
        return fmt::format(
            "{} is a mount point of its own, so it can only be changed at its source", path);
    const auto directory = fs::path(path).parent_path().string();
    if (::access(directory.c_str(), W_OK) < 0 && errno == EROFS)
        return fmt::format("{} is read-only here", directory);
    return std::nullopt;
}

} // namespace flushd::tool
