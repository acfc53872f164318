#include "flushd/site_store.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

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

} // namespace

asio::awaitable<std::error_code> site_store::lock(site_log& file) {
    std::error_code failure = file.try_lock();
    if (failure != std::errc::resource_unavailable_try_again)
        co_return failure;
    asio::steady_timer timer(context_);
    milliseconds pause = first_pause;
    do {
        timer.expires_after(pause);
        pause = std::min(pause * 2, longest_pause);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        failure = file.try_lock();
    } while (failure == std::errc::resource_unavailable_try_again);
    co_return failure;
}

asio::awaitable<std::error_code> site_store::add(site_file site, postfix_proto::queue_id id) {
    const std::string name = path(site);
    while (true) {
        auto opened = site_log::open(name, site_log::purpose::append);
        if (const auto* failure = std::get_if<std::error_code>(&opened))
            co_return *failure;
        auto& file = std::get<site_log>(opened);
        if (const auto failure = co_await lock(file))
            co_return failure;
        // Housekeeping removes empty logfiles, under the lock that we have been waiting for.
        if (!file.unlinked())
            co_return file.append(id);
    }
}

asio::awaitable<std::variant<site_log, std::error_code>>
site_store::open_locked(const site_file& site) {
    const std::string name = path(site);
    while (true) {
        auto opened = site_log::open(name, site_log::purpose::send);
        if (auto* file = std::get_if<site_log>(&opened)) {
            if (const auto failure = co_await lock(*file))
                co_return failure;
            if (file->unlinked())
                continue;
        }
        co_return std::move(opened);
    }
}

} // namespace flushd
