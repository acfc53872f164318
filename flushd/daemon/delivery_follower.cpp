#include "flushd/daemon/delivery_follower.hpp"

#include "flushd/daemon/slice.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace flushd {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds shortest_pause{20};
constexpr std::chrono::seconds longest_pause{1};

// Of the time that a look takes.
constexpr int pause_factor = 50;

constexpr std::chrono::hours patience{1};

// The old qmgr(8) may read one more message before it ends. It takes longer than this until the new
// one has started and reads the first.
constexpr std::chrono::milliseconds end_of_old_qmgr{5};

} // namespace

delivery_follower::delivery_follower(const daemon_context& daemon, std::string name,
                                     std::string site, std::size_t messages,
                                     const postfix_proto::queue_layout& layout,
                                     bounce_watch& bounces, delivery_share& share)
    : daemon_(daemon), name_(std::move(name)), messages_(std::move(site), layout, bounces),
      part_(share, messages), timer_(daemon.context), least_pause_(shortest_pause),
      pause_(shortest_pause), short_pause_(shortest_pause) {}

void delivery_follower::count_added() {
    part_.update(messages_.messages(), messages_.recipients(), messages_.unread());
    // To a fast destination, some follow after each look. A look that was held up must not hold
    // them up for long.
    pause_ = std::min<clock::duration>(least_pause_, longest_pause);
    next_look_ = std::min(next_look_, clock::now() + pause_);
}

asio::awaitable<void> delivery_follower::look_round() {
    const auto now = clock::now();
    if (next_look_ == clock::time_point::max())
        next_look_ = now + pause_;
    const bool is_short = part_.waits_for_reading() && now + short_pause_ < next_look_;
    timer_.expires_at(is_short ? now + short_pause_ : next_look_);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    // It also keeps the process from being idle.
    const auto work = daemon_.work.start();
    if (is_short)
        co_await look_at_unread();
    else
        co_await look_at_all();
}

asio::awaitable<void> delivery_follower::look_at_unread() {
    clock::duration spent{};
    co_await daemon_.worker.run([&] {
        const auto begin = clock::now();
        messages_.look_at_unread(slice);
        spent = clock::now() - begin;
    });
    part_.update(messages_.messages(), messages_.recipients(), messages_.unread());
    short_pause_ = std::max<clock::duration>(shortest_pause, pause_factor * spent);
}

asio::awaitable<void> delivery_follower::look_at_all() {
    const auto told_before = messages_.result().total();
    clock::duration spent{};
    bool is_done = false;
    while (!is_done) {
        is_done = co_await daemon_.worker.run([&] {
            const auto begin = clock::now();
            const bool round = messages_.look(slice);
            spent += clock::now() - begin;
            return round;
        });
    }
    part_.update(messages_.messages(), messages_.recipients(), messages_.unread());
    next_look_ = clock::time_point::max();
    const auto& told = messages_.result();
    part_.succeeded(told.total() - told.deferred -
                    std::exchange(got_through_, told.total() - told.deferred));
    const bool has_changed = messages_.result().total() != told_before;
    if (has_changed)
        last_change_ = clock::now();
    least_pause_ = std::max<clock::duration>(shortest_pause, pause_factor * spent);
    pause_ =
        has_changed
            ? least_pause_
            : std::clamp<clock::duration>(pause_ * 2, least_pause_,
                                          std::max<clock::duration>(longest_pause, least_pause_));
    if (part_.is_open())
        pause_ = std::min<clock::duration>(pause_, longest_pause); // as above
}

asio::awaitable<void> delivery_follower::do_again() {
    asio::steady_timer timer(daemon_.context);
    for (int times = 0; times < 2; ++times) {
        if (times > 0) {
            timer.expires_after(end_of_old_qmgr);
            boost::system::error_code ignored;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_await daemon_.worker.run([&] { messages_.begin_again(); });
        while (!co_await daemon_.worker.run([&] { return messages_.do_again(slice); })) {
        }
    }
}

asio::awaitable<void> delivery_follower::follow_to_end() {
    close();
    while (messages_.messages() > 0 && clock::now() < last_change_ + patience)
        co_await look_round();
}

void delivery_follower::report() {
    const auto& result = messages_.result();
    daemon_.counts.add(counter::send_delivered, result.delivered);
    daemon_.counts.add(counter::send_bounced, result.bounced);
    daemon_.counts.add(counter::send_gone, result.gone);
    daemon_.counts.add(counter::send_deferred, result.deferred);
    const std::chrono::duration<double> seconds = clock::now() - begin_;
    auto text = fmt::format(
        "flush site={}, delivered={}, bounced={}, deferred={}, held={}, seconds={:.3f}", name_,
        result.delivered, result.bounced, result.deferred, result.held, seconds.count());
    if (result.gone > 0)
        text += fmt::format(", delivered or bounced={}", result.gone);
    if (messages_.messages() > 0)
        text += fmt::format(", in delivery={}", messages_.messages());
    if (!result.reason.empty())
        text += fmt::format(" ({})", result.reason);
    daemon_.log.info("{}", text);
}

void delivery_follower::record(send_account account) {
    account.followed(messages_.result(), messages_.messages());
    daemon_.history.add(std::move(account).close());
}

} // namespace flushd
