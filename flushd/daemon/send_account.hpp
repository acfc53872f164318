/// Keeps account of a send until its end is known.
#pragma once

#include "flushd/core/send_record.hpp"
#include "flushd/daemon/followed_send.hpp"
#include "flushd/daemon/site_move.hpp"

#include <chrono>
#include <cstddef>
#include <ctime>
#include <string>

namespace flushd {

/// What the history is told of one send: it is made when the request comes, and completed as more
/// becomes known.
class send_account {
public:
    /// Of a request that has just come.
    send_account(std::string site, std::optional<uid_t> user) {
        record_.asked = std::time(nullptr);
        record_.site = std::move(site);
        record_.user = user;
    }

    /// Another process has begun it.
    void resumed() noexcept { record_.is_resumed = true; }

    void moved(const site_move::counts& result) {
        record_.moved = result.moved;
        record_.missing = result.missing;
        record_.held = result.held;
        record_.duplicate = result.duplicate;
        record_.failed = result.failed;
        record_.left = result.left;
    }

    /// `in_delivery` is how many messages the queue manager still has.
    void followed(const followed_send::report& result, std::size_t in_delivery) {
        record_.delivered = result.delivered;
        record_.bounced = result.bounced;
        record_.gone = result.gone;
        record_.deferred = result.deferred;
        record_.held += result.held;
        record_.in_delivery = in_delivery;
        record_.reason = result.reason;
    }

    /// The account is complete.
    [[nodiscard]] send_record close() && {
        record_.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin_);
        return std::move(record_);
    }

private:
    using clock = std::chrono::steady_clock;

    send_record record_;
    clock::time_point begin_ = clock::now();
};

} // namespace flushd
