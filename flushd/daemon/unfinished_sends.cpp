#include "flushd/daemon/unfinished_sends.hpp"

#include "flushd/core/data_file.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <charconv>
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

bool set_lock(int fd, std::size_t slot, short type) {
    // Of the open file, and not of the process: it lives on in a child that goes on with the work.
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = offset_of(slot);
    range.l_len = static_cast<off_t>(slot_size);
    return ::fcntl(fd, F_OFD_SETLK, &range) == 0;
}

} // namespace

/// "LOGFILE TRIES SITE", a newline, and NULs.
std::optional<unfinished_sends::entry> unfinished_sends::parse(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    const auto first = text.find(' ');
    const auto second = first == std::string_view::npos ? first : text.find(' ', first + 1);
    if (second == std::string_view::npos)
        return std::nullopt;
    auto file = logfile_name::from_name(text.substr(0, first));
    unsigned tries = 0;
    const auto [last, error] =
        std::from_chars(text.data() + first + 1, text.data() + second, tries);
    const auto site = text.substr(second + 1);
    if (!file || error != std::errc() || last != text.data() + second || site.empty())
        return std::nullopt;
    return entry{std::move(*file), std::string(site), tries};
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

void unfinished_sends::release(std::size_t slot) noexcept {
    constexpr char nothing[slot_size] = {};
    static_cast<void>(write_at(file_.get(), offset_of(slot), {nothing, slot_size}));
    unlock(slot);
}

std::optional<unfinished_sends::record> unfinished_sends::add(const logfile_name& file,
                                                              const std::string& site) {
    if (!file_)
        return std::nullopt;
    for (std::size_t slot = 0; slot < most_slots; ++slot) {
        if (!lock(slot))
            continue;
        std::string before;
        if (!read_at(file_.get(), offset_of(slot), slot_size, before) &&
            (before.empty() || before.front() == '\0') && write(slot, {file, site, 1}))
            return record(*this, slot);
        unlock(slot);
    }
    return std::nullopt;
}

bool unfinished_sends::write(std::size_t slot, const entry& written) {
    auto text = fmt::format("{} {} {}\n", written.file.name(), written.tries, written.site);
    // What a client calls a site may be longer than any domain.
    if (text.size() > slot_size || written.site.find('\n') != std::string::npos)
        return false;
    text.resize(slot_size);
    return !write_at(file_.get(), offset_of(slot), text);
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
        std::string now;
        auto found =
            read_at(file_.get(), offset_of(slot), slot_size, now) ? std::nullopt : parse(now);
        if (found && found->tries >= most_tries)
            log.warning(
                "send fast flush logfile {}: given up, after {} processes have ended during it",
                found->file.name(), found->tries);
        if (!found || found->tries >= most_tries)
            continue;
        ++found->tries;
        if (write(slot, *found))
            result.push_back({std::move(found->file), std::move(found->site), std::move(taken)});
    }
    return result;
}

} // namespace flushd
