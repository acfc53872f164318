#include "postfix_proto/deadline_list.hpp"

namespace postfix_proto {

using clock = std::chrono::steady_clock;

deadline_list::deadline::deadline(deadline_list& list, action act)
    : list_(list), action_(std::move(act)) {
    list_.insert(*this);
}

deadline_list::deadline::~deadline() { list_.remove(*this); }

void deadline_list::deadline::restart() {
    list_.remove(*this);
    list_.insert(*this);
}

void deadline_list::insert(deadline& d) {
    d.due_ = clock::now() + length_;
    d.running_ = true;
    d.sooner_ = latest_;
    (latest_ != nullptr ? latest_->later_ : soonest_) = &d;
    latest_ = &d;
    if (waiting_)
        return;
    try {
        wait();
    } catch (...) { // out of memory: the deadline is not set, and must not stay linked
        remove(d);
        throw;
    }
}

void deadline_list::remove(deadline& d) {
    if (!d.running_)
        return;
    d.running_ = false;
    (d.sooner_ != nullptr ? d.sooner_->later_ : soonest_) = d.later_;
    (d.later_ != nullptr ? d.later_->sooner_ : latest_) = d.sooner_;
    d.sooner_ = d.later_ = nullptr;
    // Keep the timer running: when it fires, it checks the deadlines of that time. Stop it only if
    // no deadline is left, so that run() of an idle io_context returns.
    if (soonest_ == nullptr && waiting_)
        timer_.cancel();
}

void deadline_list::wait() {
    timer_.expires_at(soonest_->due_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error && soonest_ == nullptr) {
            waiting_ = false;
            return;
        }
        expire();
    });
    waiting_ = true; // not if that throws
}

void deadline_list::expire() {
    const auto now = clock::now();
    while (soonest_ != nullptr && soonest_->due_ <= now) {
        deadline& d = *soonest_;
        remove(d); // first: the action may restart or destroy it
        static_cast<void>(d.action_(cause::passed));
    }
    waiting_ = false;
    if (soonest_ != nullptr)
        wait();
}

bool deadline_list::expire_one_early() {
    for (const auto why : {cause::gone, cause::early}) {
        for (deadline* d = soonest_; d != nullptr; d = d->later_) {
            if (d->action_(why)) {
                remove(*d);
                return true;
            }
        }
    }
    return false;
}

void deadline_list::close() {
    closing_ = true;
    for (deadline* d = soonest_; d != nullptr;) {
        deadline* const next = d->later_;
        if (d->action_(cause::closing))
            remove(*d);
        d = next;
    }
}

} // namespace postfix_proto
