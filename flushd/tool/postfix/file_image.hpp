/// Saves a configuration file, to restore it byte for byte.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// A file's text, owner and mode. postconf(1) leaves master.cf with root's and 0644 after a change.
class file_image {
public:
    /// Reads it. Throws tool_error.
    explicit file_image(std::string path);
    /// The same, and nothing where there is no such file.
    [[nodiscard]] static std::optional<file_image> read_if_there(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Writes a file beside and moves it into place, with this owner and mode. Throws tool_error,
    /// and then nothing is left behind.
    void write_to(const std::string& path) const { write(text_, path); }
    void restore() const { write(text_, path_); }
    /// The file with another text.
    void replace(std::string_view text) const { write(text, path_); }
    void restore_owner() const;

    /// Whether the file is what it was when it was read.
    [[nodiscard]] bool is_in_place() const;

private:
    void write(std::string_view text, const std::string& path) const;

    std::string path_;
    std::string text_;
    struct stat status_ {};
};

/// Why a file cannot be replaced by another one, as whoever edits a configuration file does: it has
/// been mounted by itself, or is on a file system that is read-only. Nothing when it can, as far as
/// that can be told without trying; nothing is touched.
[[nodiscard]] std::optional<std::string> why_not_replaceable(const std::string& path);

} // namespace flushd::tool
