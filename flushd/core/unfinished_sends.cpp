#include "flushd/core/unfinished_sends.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/core/words.hpp"

#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace flushd {

using postfix_proto::read_at;
using postfix_proto::write_at;

namespace {

constexpr std::size_t slot_size = 512;

// So many sends at a time are remembered; there are far fewer.
constexpr std::size_t most_slots = 1000;

constexpr unsigned most_tries = 5;

off_t offset_of(std::size_t slot) { return static_cast<off_t>(slot * slot_size); }

struct flock range_of(std::size_t slot, short type) {
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = offset_of(slot);
    range.l_len = static_cast<off_t>(slot_size);
    return range;
}

bool set_lock(int fd, std::size_t slot, short type) {
    // Of the open file, and not of the process: it lives on in a child that goes on with the work.
    auto range = range_of(slot, type);
    return ::fcntl(fd, F_OFD_SETLK, &range) == 0;
}

/// By another opening of the file.
bool is_locked(int fd, std::size_t slot) {
    auto range = range_of(slot, F_WRLCK);
    return ::fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

} // namespace

/// "LOGFILE TRIES PACE SITE", a newline, and NULs.
std::optional<unfinished_sends::entry> unfinished_sends::parse(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    auto file = logfile_name::from_name(take_word(text));
    const auto tries = whole_number<unsigned>(take_word(text));
    const auto pace = parse_pace(take_word(text));
    if (!file || !tries || !pace || text.empty())
        return std::nullopt;
    return entry{std::move(*file), std::string(text), *pace, *tries};
}

std::error_code unfinished_sends::open(const std::string& path, const std::string& user) {
    auto opened = open_data_file(path, user);
    if (!opened)
        return opened.error();
    file_ = std::move(*opened);
    return {};
}

unfinished_sends::record::record(record&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), slot_(other.slot_) {}

unfinished_sends::record::~record() {
    if (owner_ != nullptr)
        owner_->release(slot_);
}

bool unfinished_sends::lock(std::size_t slot) {
    if (mine_.contains(slot) || !set_lock(file_.get(), slot, F_WRLCK))
        return false;
    mine_.insert(slot);
    return true;
}

void unfinished_sends::unlock(std::size_t slot) noexcept {
    set_lock(file_.get(), slot, F_UNLCK);
    mine_.erase(slot);
}

void unfinished_sends::empty(std::size_t slot) noexcept {
    constexpr char nothing[slot_size] = {};
    static_cast<void>(write_at(file_.get(), offset_of(slot), {nothing, slot_size}));
}

void unfinished_sends::release(std::size_t slot) noexcept {
    empty(slot);
    unlock(slot);
}

/// Empty when there is none, or it cannot be read.
std::string unfinished_sends::read(std::size_t slot) const {
    std::string text;
    if (read_at(file_.get(), offset_of(slot), slot_size, text) || text.empty() ||
        text.front() == '\0')
        return {};
    return text;
}

bool unfinished_sends::record::is_called_off() const { return owner_->read(slot_).empty(); }

void unfinished_sends::record::note_progress(const entry& current) {
    if (is_called_off())
        return;
    auto again = current;
    again.tries = 1;
    static_cast<void>(owner_->write(slot_, again));
}

/// It is locked then.
std::optional<std::size_t> unfinished_sends::fill_empty_slot(const entry& written) {
    if (!file_)
        return std::nullopt;
    for (std::size_t slot = 0; slot < most_slots; ++slot) {
        if (!lock(slot))
            continue;
        std::string before;
        if (!read_at(file_.get(), offset_of(slot), slot_size, before) &&
            (before.empty() || before.front() == '\0') && write(slot, written))
            return slot;
        unlock(slot);
    }
    return std::nullopt;
}

std::optional<unfinished_sends::record> unfinished_sends::add(const entry& added) {
    const auto slot = fill_empty_slot(added);
    return slot ? std::optional<record>(record(*this, *slot)) : std::nullopt;
}

bool unfinished_sends::leave(entry left) {
    left.tries = 0;
    const auto slot = fill_empty_slot(left);
    if (slot)
        unlock(*slot);
    return slot.has_value();
}

bool unfinished_sends::write(std::size_t slot, const entry& written) {
    auto text = fmt::format("{} {} {} {}\n", written.file.name(), written.tries,
                            format_pace(written.pace), written.site);
    // What a client calls a site may be longer than any domain.
    if (text.size() > slot_size || written.site.find('\n') != std::string::npos)
        return false;
    text.resize(slot_size);
    return !write_at(file_.get(), offset_of(slot), text);
}

/// A write in the same tick of the clock as the one before it leaves no other trace, so that what
/// was written a moment ago counts as well.
bool unfinished_sends::has_changed() {
    struct stat status {};
    if (!file_ || ::fstat(file_.get(), &status) < 0 ||
        (postfix_proto::same_time(status.st_mtim, changed_) &&
         status.st_mtim.tv_sec + 1 < std::time(nullptr)))
        return false;
    changed_ = status.st_mtim;
    return true;
}

std::vector<unfinished_sends::listed>
unfinished_sends::list(const postfix_proto::file_descriptor& file) {
    std::vector<listed> result;
    std::string text;
    if (!file || read_at(file.get(), 0, most_slots * slot_size, text))
        return result;
    for (std::size_t slot = 0; slot * slot_size < text.size(); ++slot)
        if (auto found = parse(std::string_view(text).substr(slot * slot_size, slot_size)))
            result.push_back({std::move(*found), is_locked(file.get(), slot)});
    return result;
}

bool unfinished_sends::has(const logfile_name& file) const {
    const auto all = list();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& one) { return one.what.file == file; });
}

std::size_t unfinished_sends::call_off(const logfile_name& file) {
    std::size_t count = 0;
    for (std::size_t slot = 0; file_ && slot < most_slots; ++slot) {
        const auto found = parse(read(slot));
        if (!found || found->file != file)
            continue;
        empty(slot);
        ++count;
    }
    return count;
}

std::vector<unfinished_sends::send> unfinished_sends::take_over(postfix_proto::logger& log) {
    std::vector<send> result;
    std::string text;
    if (!file_ || read_at(file_.get(), 0, most_slots * slot_size, text))
        return result;
    for (std::size_t slot = 0; slot * slot_size < text.size(); ++slot) {
        if (text[slot * slot_size] == '\0' || !lock(slot))
            continue;
        record taken(*this, slot);
        // Again, now that nobody else can finish it.
        auto found = parse(read(slot));
        if (found && found->tries >= most_tries)
            log.warning(
                "send fast flush logfile {}: given up, after {} processes have ended during it",
                found->file.name(), found->tries);
        if (!found || found->tries >= most_tries)
            continue;
        ++found->tries;
        if (write(slot, *found))
            result.push_back({std::move(*found), std::move(taken)});
    }
    return result;
}

} // namespace flushd
