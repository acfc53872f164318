/// Appends to logfiles, and opens and locks them, on behalf of coroutines.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/logfile.hpp"
#include "flushd/daemon/waiters.hpp"

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/repeated_warning.hpp"
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <variant>

namespace flushd {

/// Limits the wait for logfiles that another process has locked.
struct lock_patience {
    /// The longest wait for a lock. Stock flush(8) holds it during a whole send, some seconds for
    /// 100 000 messages; a backup holds it while it reads. The limit must be less than the hour
    /// (ipc_timeout) that delivery agents wait for a reply, because they deliver nothing meanwhile,
    /// and occupy the places of other clients here. Stock has no limit.
    std::chrono::milliseconds longest_wait = std::chrono::seconds(100);
    /// For this long, any number of clients may wait. Our own worker locks a logfile while it reads
    /// or rewrites it, and no client should be refused because of that.
    std::chrono::milliseconds before_refusing = std::chrono::seconds(1);
    std::size_t clients_of_a_site = 96; ///< may wait longer for a site; further ones are refused
    std::size_t clients = 192;          ///< the same for all sites together
};

/// The text of an error with a logfile, for the log.
[[nodiscard]] std::string logfile_failure(const std::error_code& failure);

/// Finds, opens and locks logfiles. Waiting for a lock of another process delays nothing else.
class logfile_store {
public:
    /// At most `most_open` logfiles stay open between adds. The arguments must outlive the store,
    /// which must outlive the run of the io_context.
    logfile_store(const daemon_context& daemon, const postfix_proto::queue_layout& layout,
                  std::size_t most_open, const lock_patience& patience = {})
        : daemon_(daemon), layout_(layout), most_open_(most_open), patience_(patience),
          cannot_write_(daemon.log) {}

    /// Appends a queue ID to the site's logfile, which is created if necessary. Without an error,
    /// the line has been written; with an error, it may have been, but hardly ever. IDs that arrive
    /// together for one site are written together.
    [[nodiscard]] boost::asio::awaitable<std::error_code> add(const logfile_name& site,
                                                              const postfix_proto::queue_id& id);

    /// Sets a function to call after each append, with the size of the logfile. The logfile is
    /// unlocked by then.
    void on_growth(std::function<void(const logfile_name&, std::size_t size)> action) {
        on_growth_ = std::move(action);
    }

    /// Opens and locks the site's logfile, for the worker to do something with.
    [[nodiscard]] boost::asio::awaitable<postfix_proto::result<logfile>>
    open_locked(const logfile_name& site, logfile::missing when_missing);

    /// Removes the logfile whatever it lists; if there is none, that is no error.
    [[nodiscard]] boost::asio::awaitable<std::error_code> remove(const logfile_name& site);

    /// Takes the lock again. errc::timed_out if another process holds it for too long.
    [[nodiscard]] boost::asio::awaitable<std::error_code> lock(logfile& file);

private:
    using clock = std::chrono::steady_clock;

    /// A site to which IDs are being added, or were added recently.
    struct hot_site {
        std::optional<logfile> file;
        std::string lines;                // not written yet
        waiters<std::error_code> writers; // the clients that wait for these lines
        bool busy = false;                // write() is scheduled, or write_later() is running
        std::optional<clock::time_point> late_since; // set while write_later() is running
        std::list<logfile_name>::iterator recency;
    };

    hot_site& find_hot(const logfile_name& site);
    void write(const logfile_name& site) noexcept;
    std::error_code write_now(const logfile_name& site, hot_site& hot) noexcept;
    std::error_code open_for_writing(const logfile_name& site, hot_site& hot);
    boost::asio::awaitable<void> write_later(logfile_name site, std::error_code reason);
    enum class beside { all, earlier };
    [[nodiscard]] bool is_crowded(const hot_site& hot, std::size_t clients, beside others) const;
    void refuse_crowd(const logfile_name& site, hot_site& hot) noexcept;
    void refuse(const logfile_name& site, std::size_t clients) noexcept;
    void warn(const logfile_name& site, const std::error_code& failure) noexcept;
    void finish(const logfile_name& site, hot_site& hot, const std::error_code& result) noexcept;
    void close_coldest();
    bool close_all_cold();

    daemon_context daemon_;
    const postfix_proto::queue_layout& layout_;
    std::size_t most_open_;
    std::function<void(const logfile_name&, std::size_t)> on_growth_;
    std::unordered_map<logfile_name, hot_site> hot_;
    std::list<logfile_name> by_recency_; // the most recent first
    std::list<hot_site*> late_;          // those whose write_later() is running
    lock_patience patience_;
    postfix_proto::repeated_warning cannot_write_;
};

} // namespace flushd
