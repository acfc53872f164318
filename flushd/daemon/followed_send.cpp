#include "flushd/daemon/followed_send.hpp"

#include "flushd/core/defer_log.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace flushd {

namespace queue_name = postfix_proto::queue_name;

namespace {

// A destination that fails so many times in a row is down. One message may find a server that is
// overloaded for a moment; qmgr(8) itself gives a destination up after fewer.
constexpr std::size_t enough_in_a_row = 20;

// Who is careful does not wait for so many.
constexpr std::size_t few_in_a_row = 5;

// So many messages between two looks at the clock.
constexpr int messages_at_once = 16;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

} // namespace

void followed_send::add(std::vector<moved_message> messages) {
    for (const auto& message : messages) {
        recipients_ += message.recipients;
        unread_ += message.was_read ? 0 : 1;
        ++destinations_[message.domain].in_delivery;
    }
    in_delivery_.insert(in_delivery_.end(), std::make_move_iterator(messages.begin()),
                        std::make_move_iterator(messages.end()));
}

bool followed_send::look(clock::duration how_long) {
    const auto end = clock::now() + how_long;
    if (next_ == 0) {
        next_ = in_delivery_.size();
        bounces_.update();
    }
    do {
        for (int i = 0; i < messages_at_once && next_ > 0; ++i) {
            auto& message = in_delivery_[--next_];
            if (!has_left(message))
                continue;
            auto& its = destinations_[message.domain];
            --its.in_delivery;
            tell(message, its);
            recipients_ -= message.recipients;
            std::swap(message, in_delivery_.back()); // which has been looked at, or is new
            in_delivery_.pop_back();
        }
    } while (next_ > 0 && clock::now() < end);
    return next_ == 0;
}

void followed_send::look_at_unread(clock::duration how_long) {
    const auto end = clock::now() + how_long;
    int looked_at = 0;
    for (auto& message : in_delivery_) {
        if (message.was_read)
            continue;
        static_cast<void>(is_unread(message));
        if (++looked_at % messages_at_once == 0 && clock::now() >= end)
            return;
    }
}

bool followed_send::do_again(clock::duration how_long) {
    const auto end = clock::now() + how_long;
    // look() may have removed some in between, and put those of the end in their places.
    again_ = std::min(again_, in_delivery_.size());
    do {
        for (int i = 0; i < messages_at_once && again_ > 0; ++i)
            on_restart_(in_delivery_[--again_].id);
    } while (again_ > 0 && clock::now() < end);
    return again_ == 0;
}

bool followed_send::is_in(std::string_view queue, const moved_message& message) const {
    return exists(layout_.path(queue, message.id));
}

bool followed_send::is_unread(moved_message& message) {
    if (message.was_read)
        return false;
    if (is_in(queue_name::incoming, message))
        return true;
    message.was_read = true;
    --unread_;
    return false;
}

/// In the order in which a message moves, so that it cannot be overlooked on its way.
bool followed_send::has_left(moved_message& message) {
    if (is_unread(message))
        return false;
    if (is_in(queue_name::active, message))
        return false;
    // A qmgr(8) that begins anew moves all that is active back, and reads it again.
    if (is_in(queue_name::incoming, message)) {
        message.was_read = false;
        ++unread_;
        if (on_restart_)
            on_restart_(message.id);
        return false;
    }
    return !is_in(queue_name::active, message);
}

void followed_send::tell(const moved_message& message, destination& its) {
    ++its.told;
    if (exists(layout_.path(queue_name::deferred, message.id))) {
        tell_deferred(message, its);
        return;
    }
    its.down_in_a_row = its.deferred_in_a_row = 0;
    if (exists(layout_.path(queue_name::hold, message.id))) {
        ++result_.held;
        return;
    }
    switch (bounces_.fate_of(message.id)) {
    case bounce_watch::fate::delivered:
        ++result_.delivered;
        break;
    case bounce_watch::fate::returned:
        ++result_.bounced;
        break;
    case bounce_watch::fate::either:
        ++result_.gone;
        break;
    }
}

void followed_send::tell_deferred(const moved_message& message, destination& its) {
    ++result_.deferred;
    ++its.deferred_in_a_row;
    const auto why =
        read_deferral(layout_.path("defer", message.id), site_.empty() ? message.domain : site_);
    its.down_in_a_row = why.is_of_destination ? its.down_in_a_row + 1 : 0;
    if (result_.reason.empty())
        result_.reason = why.reason;
}

bool followed_send::is_down(const std::string& domain) const {
    const auto found = destinations_.find(domain);
    if (found == destinations_.end())
        return false;
    const auto& [in_delivery, told, down_in_a_row, deferred_in_a_row] = found->second;
    return told > 0 && down_in_a_row >= std::min(told, enough_in_a_row) &&
           (told >= enough_in_a_row || in_delivery == 0);
}

bool followed_send::is_deferred_again(const std::string& domain) const {
    const auto found = destinations_.find(domain);
    return found != destinations_.end() && found->second.deferred_in_a_row >= few_in_a_row;
}

} // namespace flushd
