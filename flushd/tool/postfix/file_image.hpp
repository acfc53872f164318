/// Saves a configuration file, to restore it byte for byte.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// A file's text, owner and mode. (When postconf(1) changes master.cf, it sets root and 0644.)
class file_image {
public:
    /// Reads the file. Throws tool_error.
    explicit file_image(std::string path);
    /// The same, but returns nothing if there is no such file.
    [[nodiscard]] static std::optional<file_image> read_if_there(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Writes a temporary file and renames it to `path`, with this owner and mode. Its modification
    /// time is some seconds ago, so that Postfix takes it for complete. On failure, removes the
    /// temporary file and throws tool_error.
    void write_to(const std::string& path) const { write(text_, path); }
    void restore() const { write(text_, path_); }
    /// Writes another text to the file.
    void replace(std::string_view text) const { write(text, path_); }
    void restore_owner() const;

    /// Whether the file is still as it was when it was read.
    [[nodiscard]] bool is_in_place() const;

private:
    void write(std::string_view text, const std::string& path) const;

    std::string path_;
    std::string text_;
    struct stat status_ {};
};

/// Why a file cannot be replaced by another one, as editing a configuration file requires: it is a
/// mount point, or its file system is read-only. Nothing if it can be replaced, as far as that can
/// be determined without trying. Changes nothing.
[[nodiscard]] std::optional<std::string> why_not_replaceable(const std::string& path);

} // namespace flushd::tool
