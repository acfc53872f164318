#include "flushd/tool/send/message_watch.hpp"

#include "postfix_proto/file_io.hpp"

#include <algorithm>
#include <utility>

namespace flushd::tool {

using postfix_proto::same_time;

message_watch::counts& message_watch::counts::operator+=(const counts& other) {
    waiting += other.waiting;
    moving += other.moving;
    delivered += other.delivered;
    bounced += other.bounced;
    left += other.left;
    deferred += other.deferred;
    held += other.held;
    return *this;
}

void message_watch::add(postfix_proto::queue_id id) {
    if (!known_.insert(id.str()).second)
        return;
    const auto now = find_(id);
    if (now.where == queue_files::place::hold)
        ++counts_.held;
    if (now.where == queue_files::place::nowhere || now.where == queue_files::place::hold)
        return;
    const bool has_moved = now.where != queue_files::place::deferred;
    open_.push_back({std::move(id), now.changed, {}, has_moved});
    ++(has_moved ? counts_.moving : counts_.waiting);
}

void message_watch::begin_again() {
    for (auto& one : open_) {
        const auto now = find_(one.id);
        if (now.where == queue_files::place::deferred && !one.has_moved)
            one.changed_before = now.changed;
    }
}

message_watch::progress message_watch::look_at(message& one, std::time_t now) const {
    const auto found = find_(one.id);
    switch (found.where) {
    case queue_files::place::nowhere:
        return progress::gone;
    case queue_files::place::hold:
        return progress::held;
    case queue_files::place::incoming:
    case queue_files::place::active:
        one.has_moved = true;
        return progress::moving;
    case queue_files::place::deferred:
        break;
    }
    if (one.has_moved)
        return progress::deferred;
    if (same_time(found.changed, one.changed_before))
        return progress::waiting;
    // The queue manager sets a due time in the future. The flush service sets it to now before it
    // moves the file, which may be observed here.
    if (found.due.tv_sec > now || same_time(found.due, one.due_seen))
        return progress::deferred;
    one.due_seen = found.due;
    return progress::waiting;
}

void message_watch::count_gone(const postfix_proto::queue_id& id, bounce_watch& bounces) {
    switch (bounces.fate_of(id)) {
    case bounce_watch::fate::delivered:
        ++counts_.delivered;
        break;
    case bounce_watch::fate::returned:
        ++counts_.bounced;
        break;
    case bounce_watch::fate::either:
        ++counts_.left;
        break;
    }
}

bool message_watch::is_over(message& one, std::time_t now, bounce_watch& bounces) {
    switch (look_at(one, now)) {
    case progress::waiting:
        ++counts_.waiting;
        return false;
    case progress::moving:
        ++counts_.moving;
        return false;
    case progress::gone:
        count_gone(one.id, bounces);
        break;
    case progress::held:
        ++counts_.held;
        break;
    case progress::deferred:
        ++counts_.deferred;
        deferred_.push_back(one.id);
        break;
    }
    return true;
}

void message_watch::look(std::time_t now, bounce_watch& bounces) {
    counts_.waiting = counts_.moving = 0;
    const auto is_done = [&](message& one) { return is_over(one, now, bounces); };
    open_.erase(std::remove_if(open_.begin(), open_.end(), is_done), open_.end());
}

} // namespace flushd::tool
