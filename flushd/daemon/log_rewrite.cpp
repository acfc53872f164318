#include "flushd/daemon/log_rewrite.hpp"

#include "postfix_proto/file_io.hpp"

#include <algorithm>

namespace flushd {

using postfix_proto::read_at;
using postfix_proto::same_time;
using postfix_proto::write_at;

namespace {

// The bytes to read or write between two checks of the clock: a fraction of a millisecond.
constexpr std::size_t piece = std::size_t{1} << 20U;

// The same for bytes that are truncated.
constexpr std::size_t large_piece = std::size_t{8} << 20U;

} // namespace

logfile::outcome log_rewrite::go_on(logfile::clock::duration how_long) {
    const auto end = logfile::clock::now() + how_long;
    do {
        if (next_ == step::done)
            return std::error_code();
        if (const auto failure = take_step()) {
            next_ = step::done;
            return failure;
        }
    } while (logfile::clock::now() < end);
    return next_ == step::done ? logfile::outcome(std::error_code()) : std::nullopt;
}

std::error_code log_rewrite::take_step() {
    switch (next_) {
    case step::find:
        return find_mark();
    case step::search:
        return search_mark();
    case step::compare:
        compare();
        return {};
    case step::read:
        return read_new_lines();
    case step::copy:
        return copy();
    case step::write:
        return write();
    case step::truncate:
        return truncate();
    case step::done:
        break;
    }
    return {};
}

/// The mark is almost always where it was; then the lines before it have not been changed.
std::error_code log_rewrite::find_mark() {
    const std::size_t place = handled_.lines.size();
    next_ = step::done;
    if (handled_.mark.empty()) {
        if (handled_.write_time && file_.size() == place &&
            same_time(file_.status_.st_mtim, *handled_.write_time))
            plan(handled_.lines, place);
        return {};
    }
    if (file_.size() >= place + handled_.mark.size()) {
        std::string there;
        if (const auto failure =
                read_at(fd(), static_cast<off_t>(place), handled_.mark.size(), there))
            return failure;
        if (there == handled_.mark) {
            plan(handled_.lines, place + handled_.mark.size());
            return {};
        }
    }
    if (file_.size() >= handled_.mark.size())
        next_ = step::search;
    return {};
}

/// The mark is nearer to the beginning, or no longer there.
std::error_code log_rewrite::search_mark() {
    const std::size_t begin = content_.size();
    if (begin < file_.size()) {
        const auto failure = read_at(fd(), static_cast<off_t>(begin),
                                     std::min(piece, file_.size() - begin), content_);
        return !failure && content_.size() == begin ? std::make_error_code(std::errc::io_error)
                                                    : failure;
    }
    next_ = step::done;
    std::size_t place = content_.find(handled_.mark);
    while (place != std::string::npos && place > 0 && content_[place - 1] != '\n')
        place = content_.find(handled_.mark, place + 1);
    if (place != std::string::npos)
        plan(std::string_view(content_).substr(0, place), place + handled_.mark.size());
    return {};
}

/// `before` is the text to be replaced, from the beginning of the file.
void log_rewrite::plan(std::string_view before, std::size_t since) {
    before_ = before;
    since_ = since;
    next_ = step::compare;
}

/// Skips text that does not change, so that it is not written.
void log_rewrite::compare() {
    const auto old_part = before_.substr(from_, piece);
    const auto new_part = keep_.substr(from_, piece);
    if (!old_part.empty() && old_part == new_part) {
        from_ += old_part.size();
        return;
    }
    const auto length = std::min(old_part.size(), new_part.size());
    const auto* const differs =
        std::mismatch(new_part.begin(), new_part.begin() + length, old_part.begin()).first;
    const auto same = from_ + static_cast<std::size_t>(differs - new_part.begin());
    const auto last_line = keep_.substr(0, same).rfind('\n');
    from_ = last_line == std::string_view::npos ? 0 : last_line + 1;
    keep_.remove_prefix(from_);
    next_ = step::read;
}

std::error_code log_rewrite::read_new_lines() {
    const std::size_t begin = since_ + new_lines_.size();
    if (begin < file_.size()) {
        const auto failure = read_at(fd(), static_cast<off_t>(begin),
                                     std::min(piece, file_.size() - begin), new_lines_);
        return !failure && begin == since_ + new_lines_.size()
                   ? std::make_error_code(std::errc::io_error)
                   : failure;
    }
    // Lines to keep must be complete in one place while they are written to another.
    const bool overwrites_itself = !keep_.empty() || new_lines_.size() > since_ - from_;
    next_ = step::write;
    if (overwrites_itself && tail_size() > 0) {
        std::string last;
        if (const auto failure = read_at(fd(), static_cast<off_t>(file_.size()) - 1, 1, last))
            return failure;
        if (last != "\n")
            ending_ = "\n";
        next_ = step::copy;
    }
    return {};
}

std::string_view log_rewrite::next_of_tail() const {
    return written_ < keep_.size()
               ? keep_.substr(written_, piece)
               : std::string_view(new_lines_).substr(written_ - keep_.size(), piece);
}

/// Copies the new content behind the end of the file.
std::error_code log_rewrite::copy() {
    const auto end = static_cast<off_t>(file_.size());
    const auto part = next_of_tail();
    auto failure = written_ == 0 ? write_at(fd(), end, ending_) : std::error_code();
    if (!failure)
        failure = write_at(fd(), end + static_cast<off_t>(ending_.size() + written_), part);
    if (failure) {
        static_cast<void>(postfix_proto::truncate(fd(), end));
        return failure;
    }
    written_ += part.size();
    if (written_ == tail_size()) {
        written_ = 0;
        next_ = step::write;
    }
    return {};
}

std::error_code log_rewrite::write() {
    const auto part = next_of_tail();
    if (const auto failure = write_at(fd(), static_cast<off_t>(from_ + written_), part))
        return failure;
    written_ += part.size();
    if (written_ == tail_size())
        next_ = step::truncate;
    return {};
}

std::error_code log_rewrite::truncate() {
    const std::size_t size = from_ + tail_size();
    const bool is_last = file_.size() <= size + large_piece;
    const std::size_t next_size = is_last ? size : file_.size() - large_piece;
    if (const auto failure = postfix_proto::truncate(fd(), static_cast<off_t>(next_size)))
        return failure;
    if (is_last)
        next_ = step::done;
    return file_.update_status();
}

} // namespace flushd
