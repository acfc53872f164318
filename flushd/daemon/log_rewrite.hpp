/// Rewrites a site's logfile without the entries that have been handled.
#pragma once

#include "flushd/daemon/logfile.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace flushd {

/// Replaces the lines of a snapshot, and its mark, by other lines, and keeps the lines that were
/// appended since. The lock may be released after the snapshot was taken; it must be held from the
/// first call of go_on() to the last.
///
/// If another process has removed the mark, the lines are different ones, even if they look the
/// same: then the file is left unchanged. Another flushd may have removed some lines, but not the
/// mark: the lines before the mark are still lines of the snapshot.
///
/// Without a mark, the file is left unchanged if any process has written to it since.
///
/// If the process dies in the middle, or an object is destroyed before it is done, all lines that
/// were to be kept are still complete. Some may be there twice, and the rest of a removed line may
/// look like an ID.
class log_rewrite {
public:
    /// `keep` consists of whole lines. All three must outlive this object.
    log_rewrite(logfile& file, const logfile::snapshot& handled, std::string_view keep)
        : file_(file), handled_(handled), keep_(keep) {}

    /// Continues for about this long.
    [[nodiscard]] logfile::outcome go_on(logfile::clock::duration how_long);

private:
    enum class step { find, search, compare, read, copy, write, truncate, done };

    [[nodiscard]] std::error_code take_step();
    [[nodiscard]] std::error_code find_mark();
    [[nodiscard]] std::error_code search_mark();
    [[nodiscard]] std::error_code read_new_lines();
    [[nodiscard]] std::error_code copy();
    [[nodiscard]] std::error_code write();
    [[nodiscard]] std::error_code truncate();
    void plan(std::string_view before, std::size_t since);
    void compare();

    // The new content of the file from from_ on: the lines to keep, and the new lines.
    [[nodiscard]] std::size_t tail_size() const noexcept {
        return keep_.size() + new_lines_.size();
    }
    [[nodiscard]] std::string_view next_of_tail() const;

    [[nodiscard]] int fd() const noexcept { return file_.file_.get(); }

    logfile& file_;
    const logfile::snapshot& handled_;
    std::string_view keep_; // from from_ on, once that is known
    step next_ = step::find;
    std::string content_;     // of the file, while the mark is searched for
    std::string_view before_; // the text to be replaced
    std::size_t from_ = 0;    // the first offset at which the content changes
    std::size_t since_ = 0;   // the offset of the lines that were appended since
    std::string new_lines_;   // the lines that were appended since
    std::string_view ending_; // a newline if the file's last line lacks one
    std::size_t written_ = 0;
};

} // namespace flushd
