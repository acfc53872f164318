#include "flushd/daemon/housekeeping.hpp"

#include "flushd/daemon/logfile_walk.hpp"
#include "flushd/daemon/slice.hpp"

#include "postfix_proto/spawn.hpp"

#include <algorithm>
#include <ctime>
#include <variant>

namespace flushd {

namespace asio = boost::asio;

namespace {

// A selection is recorded a moment after it has been written.
constexpr std::chrono::seconds selection_time = std::chrono::hours(1);

} // namespace

void housekeeping::start(std::chrono::seconds refresh_time) {
    wanted_ = std::min(refresh_time, wanted_.value_or(refresh_time));
    if (running_)
        return;
    running_ = true;
    try {
        postfix_proto::spawn(daemon_.context, rounds(), daemon_.log, "refresh fast flush logfiles",
                             daemon_.work.start(), [this] { running_ = false; });
    } catch (...) {
        running_ = false; // else no other round could start
        throw;
    }
}

asio::awaitable<void> housekeeping::rounds() {
    while (wanted_) {
        const auto refresh_time = *wanted_;
        wanted_.reset();
        daemon_.counts.add(counter::housekeeping_rounds);
        co_await visit_all(refresh_time);
    }
    running_ = false;
}

asio::awaitable<void> housekeeping::visit_all(std::chrono::seconds refresh_time) {
    const std::time_t now = std::time(nullptr);
    const std::time_t oldest = now - purge_time_.count();
    const auto begin = std::chrono::steady_clock::now();
    std::size_t sent = 0, removed = 0;
    std::optional<logfile_walk> walk;
    co_await daemon_.worker.run([&] {
        walk.emplace(
            logfile_walk::times{now - refresh_time.count(), oldest, now - selection_time.count()},
            daemon_.log);
    });
    while (!walk->is_done()) {
        for (const auto& found : co_await daemon_.worker.run([&] { return walk->go_on(slice); })) {
            switch (found.what) {
            case logfile_walk::kind::listing:
                sent += co_await send(found.file) ? 1 : 0;
                break;
            case logfile_walk::kind::empty:
                removed += co_await remove(found.file, oldest) ? 1 : 0;
                break;
            case logfile_walk::kind::selection:
                co_await remove_selection(found.file);
                break;
            }
        }
    }
    if (sent + removed == 0)
        co_return;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    daemon_.log.info("refresh logfiles={}, sent={}, removed={}, seconds={:.3f}", walk->count(),
                     sent, removed, seconds.count());
}

asio::awaitable<bool> housekeeping::send(const logfile_name& file) {
    return sender_.send(file, file.name(), send_mode::refresh);
}

asio::awaitable<bool> housekeeping::remove(const logfile_name& file, std::time_t oldest) {
    // Check again under the lock, because of an add in between. (Stock Postfix checks and unlinks
    // without the lock.)
    auto opened = co_await store_.open_locked(file, logfile::missing::is_error);
    if (!opened) {
        if (opened.error() != std::errc::no_such_file_or_directory)
            daemon_.log.warning("remove logfile {}: {}", file.name(),
                                logfile_failure(opened.error()));
        co_return false;
    }
    const auto removed =
        co_await daemon_.worker.run([&] { return opened->remove_if_empty_since(oldest); });
    if (!removed) {
        daemon_.log.warning("remove logfile {}: {}", opened->path(), removed.error().message());
        co_return false;
    }
    if (*removed) {
        daemon_.counts.add(counter::removed_logfiles);
        daemon_.log.debug("removed {}: empty and unchanged for {} days", opened->path(),
                          purge_time_.count() / 86400);
    }
    co_return *removed;
}

/// Its messages stay deferred: they were chosen for that one send.
asio::awaitable<void> housekeeping::remove_selection(const logfile_name& file) {
    if (sender_.is_sending(file) || recorded_.has(file))
        co_return;
    if (const auto failure = co_await store_.remove(file))
        daemon_.log.warning("remove logfile {}: {}", file.name(), logfile_failure(failure));
    else
        daemon_.log.debug("removed {}: nobody sends it", file.name());
}

} // namespace flushd
