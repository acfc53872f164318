#include "flushd/site_store.hpp"

#include "flushd/logfile_place.hpp"

#include "postfix_proto/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>

namespace flushd {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// flock(2) cannot tell when a lock becomes free, so it is asked again: soon at first, because most
// holders append one line, and not too often, because some move 100 000 messages.
constexpr milliseconds first_pause{1};
constexpr milliseconds longest_pause{16};

constexpr auto lock_is_held = std::errc::resource_unavailable_try_again;

} // namespace

asio::awaitable<std::error_code> site_store::lock(site_log& file) {
    std::error_code failure = file.try_lock();
    if (failure != lock_is_held)
        co_return failure;
    asio::steady_timer timer(context_);
    milliseconds pause = first_pause;
    do {
        timer.expires_after(pause);
        pause = std::min(pause * 2, longest_pause);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        failure = file.try_lock();
    } while (failure == lock_is_held);
    co_return failure;
}

asio::awaitable<std::variant<site_log, std::error_code>>
site_store::open_locked(const site_file& site, site_log::missing when_missing) {
    while (true) {
        auto opened =
            co_await worker_.run([&] { return open_logfile(layout_, site, when_missing); });
        if (auto* file = std::get_if<site_log>(&opened)) {
            if (const auto failure = co_await lock(*file))
                co_return failure;
            // Housekeeping removes empty logfiles, under the lock that we have been waiting for.
            if (file->unlinked())
                continue;
        }
        co_return std::move(opened);
    }
}

asio::awaitable<std::error_code> site_store::add(const site_file& site,
                                                 const postfix_proto::queue_id& id) {
    hot_site& hot = find_hot(site);
    hot.lines += id.str();
    hot.lines += '\n';
    if (!hot.busy) {
        hot.busy = true;
        // Behind all clients that are ready now: some of them add to the same site.
        asio::post(context_, [this, site] { write(site); });
    }
    co_return co_await hot.writers.wait();
}

site_store::hot_site& site_store::find_hot(const site_file& site) {
    if (const auto found = hot_.find(site); found != hot_.end()) {
        by_recency_.splice(by_recency_.begin(), by_recency_, found->second.recency);
        return found->second;
    }
    if (hot_.size() >= most_open_)
        close_coldest();
    by_recency_.push_front(site);
    hot_site& hot = hot_[site];
    hot.recency = by_recency_.begin();
    return hot;
}

void site_store::close_coldest() {
    const auto coldest = std::find_if(by_recency_.rbegin(), by_recency_.rend(),
                                      [this](const auto& site) { return !hot_.at(site).busy; });
    if (coldest == by_recency_.rend())
        return; // more sites in use than logfiles may stay open: as many as there are clients
    const site_file site = *coldest;
    by_recency_.erase(hot_.at(site).recency);
    hot_.erase(site);
}

void site_store::write(const site_file& site) {
    hot_site& hot = hot_.at(site);
    const auto result = write_now(site, hot);
    if (result != lock_is_held) {
        finish(site, hot, result);
        return;
    }
    postfix_proto::spawn(
        context_, write_later(site, work_.start()), log_, "write fast flush logfile", [this, site] {
            finish(site, hot_.at(site), std::make_error_code(std::errc::not_enough_memory));
        });
}

/// Without waiting: what is true of almost every add.
std::error_code site_store::write_now(const site_file& site, hot_site& hot) {
    // At most twice: a logfile that stayed open may have been unlinked, one just opened hardly.
    while (true) {
        if (!hot.file) {
            auto opened = open_logfile(layout_, site, site_log::missing::is_created);
            if (const auto* failure = std::get_if<std::error_code>(&opened))
                return *failure;
            hot.file = std::move(std::get<site_log>(opened));
        }
        if (const auto failure = hot.file->try_lock())
            return failure;
        if (!hot.file->unlinked())
            break;
        hot.file.reset();
    }
    const auto result = hot.file->append(hot.lines);
    hot.file->unlock();
    return result;
}

asio::awaitable<void> site_store::write_later(site_file site,
                                              postfix_proto::work_in_hand::piece work) {
    const auto until_written = std::move(work);
    hot_site& hot = hot_.at(site); // stays: it is busy
    std::error_code result;
    do {
        result = co_await lock(*hot.file);
        if (result)
            break;
        if (hot.file->unlinked()) {
            hot.file.reset();
            result = write_now(site, hot);
        } else {
            result = hot.file->append(hot.lines);
            hot.file->unlock();
        }
    } while (result == lock_is_held);
    finish(site, hot, result);
}

void site_store::finish(const site_file& site, hot_site& hot, const std::error_code& result) {
    if (result) {
        hot.file.reset(); // whatever was wrong with it
        counts_.add(counter::write_failures);
        log_.warning("write fast flush logfile {}: {}", site.name(), result.message());
    } else if (on_growth_) {
        on_growth_(site, hot.file->size());
    }
    hot.lines.clear();
    hot.busy = false;
    // Last: who is resumed may add more, or be the reason that this site is forgotten.
    auto done = std::exchange(hot.writers, {});
    done.complete(result);
}

} // namespace flushd
