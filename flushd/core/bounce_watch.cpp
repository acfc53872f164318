#include "flushd/core/bounce_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace flushd {

namespace {

constexpr auto queue = "bounce";

// A server that returns more messages than this within the time of one send has other trouble.
constexpr std::size_t most_returned = 100'000;

} // namespace

void bounce_watch::start() {
    if (inotify_ || layout_.depth(queue) > 0)
        return;
    inotify_ = postfix_proto::file_descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (inotify_ && ::inotify_add_watch(inotify_.get(), queue, IN_CREATE | IN_ONLYDIR) < 0)
        inotify_.reset();
    lost_ = false;
}

void bounce_watch::stop() {
    inotify_.reset();
    returned_ = {};
}

void bounce_watch::update() {
    if (!inotify_)
        return;
    alignas(inotify_event) std::array<char, 16384> events{};
    ssize_t size = 0;
    while ((size = ::read(inotify_.get(), events.data(), events.size())) > 0) {
        for (ssize_t at = 0; at < size;) {
            inotify_event event{};
            std::memcpy(&event, events.data() + at, sizeof event);
            lost_ = lost_ || (event.mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0;
            if (event.len > 0 && returned_.size() < most_returned)
                returned_.emplace(events.data() + at + sizeof event);
            lost_ = lost_ || returned_.size() == most_returned;
            at += static_cast<ssize_t>(sizeof event + event.len);
        }
    }
}

bounce_watch::fate bounce_watch::fate_of(const postfix_proto::queue_id& id) {
    update();
    if (returned_.erase(id.str()) > 0)
        return fate::returned;
    return inotify_ && !lost_ ? fate::delivered : fate::either;
}

} // namespace flushd
