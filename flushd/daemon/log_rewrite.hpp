/// Rewrites a site's logfile without the entries that have been handled.
#pragma once

#include "flushd/daemon/logfile.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace flushd {

/// Replaces the lines of a snapshot, and its mark, by others, and leaves what was appended since.
/// The lock may have been given up since the snapshot was taken; it is needed again from the first
/// piece to the last.
///
/// If someone else has taken the mark away, the lines are no longer the same ones, even when they
/// look the same: then everything is left alone. Another flushd may have dropped some of the lines
/// and not the mark: what is before the mark is still what was listed then, and no more.
///
/// Without a mark everything is left alone if anybody has written since.
///
/// If the process dies in here, or an object is destroyed before it is done, all lines that were to
/// stay are still there, whole; some may be there twice, and the rest of a line that was dropped
/// may look like an ID of its own.
class log_rewrite {
public:
    /// `keep` is whole lines. All three must outlive this object.
    log_rewrite(logfile& file, const logfile::snapshot& handled, std::string_view keep)
        : file_(file), handled_(handled), keep_(keep) {}

    /// Goes on for about so long.
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

    // What is to be in the file from from_ on: what is kept, and the new lines.
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
    std::string_view before_; // what is to be replaced
    std::size_t from_ = 0;    // where the file begins to differ from what it is to be
    std::size_t since_ = 0;   // where what was appended since begins
    std::string new_lines_;   // which were appended since
    std::string_view ending_; // of the file's last line, if it lacks it
    std::size_t written_ = 0;
};

} // namespace flushd
