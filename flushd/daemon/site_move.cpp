#include "flushd/daemon/site_move.hpp"

#include "flushd/core/snapshot_mark.hpp"
#include "flushd/daemon/first_domain.hpp"
#include "flushd/daemon/recipient_count.hpp"

#include "postfix_proto/queue_id.hpp"

#include <algorithm>
#include <utility>

namespace flushd {

using postfix_proto::queue_id;

namespace {

// What is shown of a line that is not a queue ID.
constexpr std::size_t longest_shown = 30;

// So many lines between two looks at the clock, which costs as much as a duplicate does. Even if
// each is a message that is moved it is a fraction of a millisecond.
constexpr int lines_at_once = 16;

} // namespace

bool site_move::go_on(clock::duration how_long, std::size_t most_messages) {
    const auto end = clock::now() + how_long;
    if (!seen_) {
        seen_.emplace(lines_);
        now_ = std::time(nullptr);
    }
    const auto moved_before = result_.moved;
    const auto has_room = [&] { return result_.moved - moved_before < most_messages; };
    do {
        for (int i = 0; i < lines_at_once && !rest_.empty() && has_room(); ++i)
            move(take_line(rest_));
    } while (!rest_.empty() && has_room() && clock::now() < end);
    if (!rest_.empty())
        return false;
    finish();
    return true;
}

void site_move::leave_rest() {
    if (!seen_)
        seen_.emplace(lines_);
    while (!rest_.empty()) {
        const auto line = take_line(rest_);
        if (is_mark(line) || !seen_->insert(line))
            continue;
        leave(line);
    }
    finish();
}

void site_move::leave(std::string_view line) {
    ++result_.left;
    keep(line);
}

std::vector<moved_message> site_move::take_moved() { return std::exchange(moved_, {}); }

void site_move::keep(std::string_view line) { result_.keep.append(line).push_back('\n'); }

/// qmgr(8) may have read the file already.
void site_move::note_moved(const queue_id& id, std::string domain) {
    const auto& layout = mover_.layout();
    auto recipients = recipient_count(layout.path(postfix_proto::queue_name::incoming, id));
    if (recipients == 0)
        recipients = recipient_count(layout.path(postfix_proto::queue_name::active, id));
    moved_.push_back({id, std::max<std::size_t>(recipients, 1), std::move(domain)});
}

/// While postsuper(1) moves files to another depth, a message may have been overlooked. Then all
/// stay listed, and the next send tells which ones are missing.
void site_move::finish() {
    if (result_.missing == 0 || !places_.changed())
        return;
    log_.info("queue files are being moved: all that fast flush logfile {} lists stays listed",
              logfile_);
    result_.keep = lines_;
}

void site_move::move(std::string_view line) {
    if (is_mark(line))
        return;
    if (!seen_->insert(line)) {
        ++result_.duplicate;
        return;
    }
    const auto id = queue_id::parse(line);
    if (!id) {
        if (result_.bad++ == 0)
            log_.warning("bad queue id \"{}{}\" in fast flush logfile {}",
                         line.substr(0, longest_shown), line.size() > longest_shown ? "..." : "",
                         logfile_);
        return;
    }
    std::string domain;
    if (is_over_) {
        domain = first_domain(mover_.layout().path(postfix_proto::queue_name::deferred, *id));
        if (is_over_(domain))
            return leave(line);
    }
    switch (mover_.expedite(*id, now_, transports_, places_)) {
    case move_result::moved:
        ++result_.moved;
        note_moved(*id, std::move(domain));
        if (is_over_)
            result_.moved_lines.append(line).push_back('\n');
        break;
    case move_result::missing:
        ++result_.missing;
        break;
    case move_result::held:
        ++result_.held;
        keep(line);
        break;
    case move_result::failed:
        ++result_.failed;
        keep(line);
        break;
    }
}

} // namespace flushd
