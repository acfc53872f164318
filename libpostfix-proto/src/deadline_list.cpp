#include "postfix_proto/deadline_list.hpp"

namespace postfix_proto {

using clock = std::chrono::steady_clock;

deadline_list::deadline::deadline(deadline_list& list, action act)
    : list_(list), action_(std::move(act)), position_(list.running_.end()) {
    list_.insert(*this);
}

deadline_list::deadline::~deadline() { list_.remove(*this); }

void deadline_list::deadline::restart() {
    list_.remove(*this);
    list_.insert(*this);
}

void deadline_list::insert(deadline& d) {
    d.due_ = clock::now() + length_;
    d.position_ = running_.insert(running_.end(), &d);
    if (!waiting_)
        wait();
}

void deadline_list::remove(deadline& d) {
    if (d.position_ != running_.end())
        running_.erase(d.position_);
    d.position_ = running_.end();
    // The timer is left alone: when it fires it looks at what is running by then. It is stopped
    // only when nothing is, so that an idle io_context can come to its end.
    if (running_.empty() && waiting_)
        timer_.cancel();
}

void deadline_list::wait() {
    waiting_ = true;
    timer_.expires_at(running_.front()->due_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error && running_.empty()) {
            waiting_ = false;
            return;
        }
        expire();
    });
}

void deadline_list::expire() {
    const auto now = clock::now();
    while (!running_.empty() && running_.front()->due_ <= now) {
        deadline& d = *running_.front();
        remove(d); // first: the action may restart or destroy it
        static_cast<void>(d.action_(cause::passed));
    }
    waiting_ = false;
    if (!running_.empty())
        wait();
}

bool deadline_list::expire_one_early() {
    for (deadline* d : running_) {
        if (d->action_(cause::early)) {
            remove(*d);
            return true;
        }
    }
    return false;
}

} // namespace postfix_proto
