#include "flushd/daemon/logfile_store.hpp"

#include "flushd/daemon/logfile_place.hpp"

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

// flock(2) does not report when a lock becomes free, so it is tried repeatedly: soon at first,
// because most holders append one line, but not too often, because some move 100 000 messages.
constexpr milliseconds first_pause{1};
constexpr milliseconds longest_pause{16};

// A descriptor becomes available when another one is closed, which is soon or never.
constexpr std::chrono::seconds longest_wait_for_descriptors{1};

constexpr auto lock_is_held = std::errc::resource_unavailable_try_again;
// Error codes that neither flock(2) nor a file system returns.
constexpr auto held_too_long = std::errc::timed_out;
constexpr auto too_many_wait = std::errc::device_or_resource_busy;

bool is_lack_of_descriptors(const std::error_code& failure) {
    return failure == std::errc::too_many_files_open ||
           failure == std::errc::too_many_files_open_in_system;
}

/// Waits with growing pauses.
class pauses {
public:
    explicit pauses(asio::io_context& context) : timer_(context) {}

    asio::awaitable<void> next() {
        timer_.expires_after(length_);
        length_ = std::min(length_ * 2, longest_pause);
        boost::system::error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    asio::steady_timer timer_;
    milliseconds length_ = first_pause;
};

} // namespace

std::string logfile_failure(const std::error_code& failure) {
    if (failure == held_too_long)
        return "locked by another process for too long";
    if (failure == too_many_wait)
        return "locked by another process, and too many clients wait already";
    return failure.message();
}

asio::awaitable<std::error_code> logfile_store::lock(logfile& file) {
    std::error_code failure = file.try_lock();
    if (failure != lock_is_held)
        co_return failure;
    const auto end = clock::now() + patience_.longest_wait;
    pauses pause(daemon_.context);
    do {
        co_await pause.next();
        failure = file.try_lock();
    } while (failure == lock_is_held && clock::now() < end);
    co_return failure == lock_is_held ? std::make_error_code(held_too_long) : failure;
}

asio::awaitable<postfix_proto::result<logfile>>
logfile_store::open_locked(const logfile_name& site, logfile::missing when_missing) {
    while (true) {
        auto opened =
            co_await daemon_.worker.run([&] { return open_logfile(layout_, site, when_missing); });
        if (!opened && is_lack_of_descriptors(opened.error()) && close_all_cold())
            continue;
        if (opened) {
            if (const auto failure = co_await lock(*opened))
                co_return postfix_proto::unexpected(failure);
            // Housekeeping may have removed the logfile under the lock that we have waited for.
            if (opened->unlinked())
                continue;
        }
        co_return std::move(opened);
    }
}

asio::awaitable<std::error_code> logfile_store::remove(const logfile_name& site) {
    auto opened = co_await open_locked(site, logfile::missing::is_error);
    if (opened)
        co_return co_await daemon_.worker.run([&] { return opened->remove(); });
    const auto failure = opened.error();
    co_return failure == std::errc::no_such_file_or_directory ? std::error_code() : failure;
}

asio::awaitable<std::error_code> logfile_store::add(const logfile_name& site,
                                                    const postfix_proto::queue_id& id) {
    hot_site& hot = find_hot(site);
    if (is_crowded(hot, hot.writers.size() + 1, beside::all)) {
        refuse(site, 1);
        co_return std::make_error_code(too_many_wait);
    }
    // If memory runs out below, the state stays consistent for the next client: at worst, the line
    // is written, but the client is not told so.
    hot.lines.reserve(hot.lines.size() + id.str().size() + 1);
    auto result = hot.writers.wait();
    if (!hot.busy) {
        // After all clients that are ready now: some of them may add to the same site.
        asio::post(daemon_.context, [this, site] { write(site); });
        hot.busy = true;
    }
    hot.lines += id.str();
    hot.lines += '\n';
    co_return co_await std::move(result);
}

logfile_store::hot_site& logfile_store::find_hot(const logfile_name& site) {
    if (const auto found = hot_.find(site); found != hot_.end()) {
        by_recency_.splice(by_recency_.begin(), by_recency_, found->second.recency);
        return found->second;
    }
    if (hot_.size() >= most_open_)
        close_coldest();
    std::list<logfile_name> most_recent{site};
    hot_site& hot = hot_[site];
    hot.recency = most_recent.begin();
    by_recency_.splice(by_recency_.begin(), most_recent);
    return hot;
}

void logfile_store::close_coldest() {
    const auto coldest = std::find_if(by_recency_.rbegin(), by_recency_.rend(),
                                      [this](const auto& site) { return !hot_.at(site).busy; });
    if (coldest == by_recency_.rend())
        return; // more sites are in use than logfiles may stay open; clients limit their number
    hot_.erase(*coldest);
    by_recency_.erase(std::next(coldest).base());
}

/// Returns false if there was none.
bool logfile_store::close_all_cold() {
    const auto before = hot_.size();
    for (auto site = by_recency_.begin(); site != by_recency_.end();) {
        const auto found = hot_.find(*site);
        if (found->second.busy) {
            ++site;
        } else {
            hot_.erase(found);
            site = by_recency_.erase(site);
        }
    }
    return hot_.size() < before;
}

void logfile_store::write(const logfile_name& site) noexcept {
    hot_site& hot = hot_.at(site); // remains valid, because it is busy
    auto result = write_now(site, hot);
    if (result == lock_is_held || is_lack_of_descriptors(result)) {
        try {
            late_.push_back(&hot);
            hot.late_since = clock::now();
            postfix_proto::spawn(daemon_.context, write_later(site, result), daemon_.log,
                                 "write fast flush logfile", daemon_.work.start(), [this, site] {
                                     finish(site, hot_.at(site),
                                            std::make_error_code(std::errc::not_enough_memory));
                                 });
            return;
        } catch (const std::exception&) {
            result = std::make_error_code(std::errc::not_enough_memory);
        }
    }
    finish(site, hot, result);
}

/// Whether this number of clients exceeds the limit for this site, or the limit for all sites
/// together with the clients of the other late sites (or only of those that were late earlier).
bool logfile_store::is_crowded(const hot_site& hot, std::size_t clients, beside others) const {
    if (!hot.late_since || clock::now() < *hot.late_since + patience_.before_refusing)
        return false;
    if (clients > patience_.clients_of_a_site)
        return true;
    for (const hot_site* site : late_) {
        if (site == &hot && others == beside::earlier)
            break;
        if (site != &hot)
            clients += site->writers.size();
    }
    return clients > patience_.clients;
}

/// Refuses the clients above the limit that came before it was known how long they would wait.
void logfile_store::refuse_crowd(const logfile_name& site, hot_site& hot) noexcept {
    auto most = hot.writers.size();
    while (most > 0 && is_crowded(hot, most, beside::earlier))
        --most;
    if (most == hot.writers.size())
        return;
    refuse(site, hot.writers.size() - most);
    hot.writers.complete_beyond(most, std::make_error_code(too_many_wait));
}

void logfile_store::refuse(const logfile_name& site, std::size_t clients) noexcept {
    daemon_.counts.add(counter::write_failures, clients);
    warn(site, std::make_error_code(too_many_wait));
}

void logfile_store::warn(const logfile_name& site, const std::error_code& failure) noexcept {
    try {
        cannot_write_("write fast flush logfile {}: {}", site.name(), logfile_failure(failure));
    } catch (const std::exception&) { // out of memory for the text
    }
}

/// Writes without waiting, which succeeds for almost every add.
std::error_code logfile_store::write_now(const logfile_name& site, hot_site& hot) noexcept {
    try {
        // Hardly ever more than twice: a logfile that stayed open may have been unlinked.
        while (true) {
            if (!hot.file)
                if (const auto failure = open_for_writing(site, hot))
                    return failure;
            if (const auto failure = hot.file->try_lock())
                return failure;
            if (!hot.file->unlinked())
                break;
            hot.file.reset();
        }
        const auto result = hot.file->append(hot.lines);
        hot.file->unlock();
        return result;
    } catch (const std::exception&) { // out of memory, before append() wrote anything
        hot.file.reset();
        return std::make_error_code(std::errc::not_enough_memory);
    }
}

std::error_code logfile_store::open_for_writing(const logfile_name& site, hot_site& hot) {
    while (true) {
        auto opened = open_logfile(layout_, site, logfile::missing::is_created);
        if (opened) {
            hot.file = *std::move(opened);
            return {};
        }
        // Close logfiles that are open only for later adds, rather than fail this one.
        if (!is_lack_of_descriptors(opened.error()) || !close_all_cold())
            return opened.error();
    }
}

asio::awaitable<void> logfile_store::write_later(logfile_name site, std::error_code reason) {
    hot_site& hot = hot_.at(site); // remains valid, because it is busy
    const auto begin = clock::now();
    pauses pause(daemon_.context);
    auto result = reason;
    while (true) {
        const auto patience =
            result == lock_is_held
                ? patience_.longest_wait
                : std::min<milliseconds>(patience_.longest_wait, longest_wait_for_descriptors);
        if (clock::now() >= begin + patience)
            break;
        co_await pause.next();
        result = write_now(site, hot);
        if (result != lock_is_held && !is_lack_of_descriptors(result))
            break;
        refuse_crowd(site, hot);
    }
    finish(site, hot, result == lock_is_held ? std::make_error_code(held_too_long) : result);
}

void logfile_store::finish(const logfile_name& site, hot_site& hot,
                           const std::error_code& result) noexcept {
    // First, make the site usable again, whatever happens below.
    late_.remove(&hot);
    hot.late_since.reset();
    hot.busy = false;
    hot.lines.clear();
    auto done = std::move(hot.writers);
    if (result) {
        hot.file.reset(); // open it anew next time
        daemon_.counts.add(counter::write_failures);
        warn(site, result);
    } else if (on_growth_) {
        try {
            on_growth_(site, hot.file->size());
        } catch (const std::exception& e) { // the logfile is not compacted this time
            cannot_write_("compact fast flush logfile {}: {}", site.name(), e.what());
        }
    }
    // Last, because a resumed client may add more, or cause this site to be forgotten.
    done.complete(result);
}

} // namespace flushd
