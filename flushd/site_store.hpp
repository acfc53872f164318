/// The directory of logfiles, for those who can wait.
#pragma once

#include "flushd/counters.hpp"
#include "flushd/site_file.hpp"
#include "flushd/site_log.hpp"
#include "flushd/waiters.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/work_in_hand.hpp"
#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <variant>

namespace flushd {

/// Finds, opens and locks logfiles. A lock that another process holds (a stock flush(8) holds it
/// for a whole send) is waited for without holding up anything else; like Postfix, for as long as
/// it takes.
class site_store {
public:
    /// `most_open` logfiles stay open between adds. Everything referred to must outlive the store,
    /// and the store the io_context's run.
    site_store(boost::asio::io_context& context, const postfix_proto::queue_layout& layout,
               std::size_t most_open, postfix_proto::worker_thread& worker, counters& counts,
               postfix_proto::work_in_hand& work, postfix_proto::logger& log)
        : context_(context), layout_(layout), most_open_(most_open), worker_(worker),
          counts_(counts), work_(work), log_(log) {}

    [[nodiscard]] std::string path(const site_file& site) const {
        return layout_.path(postfix_proto::queue_name::flush, site.name());
    }

    /// Appends a queue ID to the site's logfile, which is made if need be. Without an error the
    /// line has been written. IDs that arrive together for one site are written together.
    [[nodiscard]] boost::asio::awaitable<std::error_code> add(const site_file& site,
                                                              const postfix_proto::queue_id& id);

    /// Is called after each append with the logfile's size, which is then unlocked.
    void on_growth(std::function<void(const site_file&, std::size_t size)> action) {
        on_growth_ = std::move(action);
    }

    /// Opens and locks the site's logfile, for the worker to do something with.
    [[nodiscard]] boost::asio::awaitable<std::variant<site_log, std::error_code>>
    open_locked(const site_file& site, site_log::missing when_missing);

    /// Takes the lock again.
    [[nodiscard]] boost::asio::awaitable<std::error_code> lock(site_log& file);

private:
    /// A site that IDs are being added to, or were lately.
    struct hot_site {
        std::optional<site_log> file;
        std::string lines;                // still to be written
        waiters<std::error_code> writers; // of these lines
        bool busy = false;                // write() will come, or is waiting for the lock
        std::list<site_file>::iterator recency;
    };

    hot_site& find_hot(const site_file& site);
    void write(const site_file& site);
    std::error_code write_now(const site_file& site, hot_site& hot);
    boost::asio::awaitable<void> write_later(site_file site,
                                             postfix_proto::work_in_hand::piece work);
    void finish(const site_file& site, hot_site& hot, const std::error_code& result);
    void close_coldest();

    boost::asio::io_context& context_;
    const postfix_proto::queue_layout& layout_;
    std::size_t most_open_;
    postfix_proto::worker_thread& worker_;
    counters& counts_;
    postfix_proto::work_in_hand& work_;
    postfix_proto::logger& log_;
    std::function<void(const site_file&, std::size_t)> on_growth_;
    std::unordered_map<site_file, hot_site> hot_;
    std::list<site_file> by_recency_; // the most recent first
};

} // namespace flushd
