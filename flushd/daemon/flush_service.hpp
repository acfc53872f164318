/// Carries out each request of the flush service.
#pragma once

#include "flushd/core/counters.hpp"
#include "flushd/core/send_history.hpp"
#include "flushd/core/site_policy.hpp"
#include "flushd/core/unfinished_sends.hpp"
#include "flushd/daemon/compactor.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/housekeeping.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/queue_mover.hpp"
#include "flushd/daemon/recorded_sends.hpp"
#include "flushd/daemon/site_sender.hpp"

#include "postfix_proto/flush_request.hpp"
#include "postfix_proto/proxymap_client.hpp"
#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/service.hpp"
#include "postfix_proto/trigger.hpp"
#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/awaitable.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace flushd {

/// The flush service: requests in, statuses out. Works on the current directory, which must be
/// $queue_directory by the time the first request comes.
class flush_service {
public:
    /// `most_open_logfiles` is what it may keep open between adds. Everything referred to must
    /// outlive the service, and the service the io_context's run.
    flush_service(const postfix_proto::service_runtime& runtime, const flush_parameters& parameters,
                  std::size_t most_open_logfiles, site_policy& policy, counters& counts,
                  unfinished_sends& unfinished, send_history& history);

    /// Begins the sends that somebody has asked for by a record, or that other processes have left
    /// unfinished. To be called from time to time.
    void look_at_records() { recorded_.look(); }

    /// `action` is called for each site that somebody requests, and that is eligible. It must not
    /// throw.
    void on_request(std::function<void(const std::string& site)> action) {
        on_request_ = std::move(action);
    }

    /// master(8) reloads, and restarts qmgr(8).
    void master_has_gone() { sender_.permit_again(); }

    /// The process is about to end.
    void end() { sender_.end(); }

    /// The answer to a request. Housekeeping is answered before it is done. `user` is the client's,
    /// if it is known.
    [[nodiscard]] boost::asio::awaitable<postfix_proto::flush_status>
    handle(postfix_proto::flush_request request, std::optional<uid_t> user = std::nullopt);

    /// A client has said something else than a request.
    void count_malformed() noexcept { daemon_.counts.add(counter::malformed); }

    /// Where its work on files is done.
    [[nodiscard]] postfix_proto::worker_thread& worker() noexcept { return worker_; }

private:
    using status = postfix_proto::flush_status;

    boost::asio::awaitable<site_policy::verdict> verdict_on(const std::string& site);
    boost::asio::awaitable<status> handle_one(postfix_proto::add_request request);
    boost::asio::awaitable<status> handle_one(postfix_proto::send_site_request request,
                                              std::optional<uid_t> user);
    boost::asio::awaitable<status> handle_one(postfix_proto::send_file_request request);
    boost::asio::awaitable<status> handle_one(postfix_proto::refresh_request request);
    boost::asio::awaitable<status> handle_one(postfix_proto::purge_request request);

    std::chrono::seconds refresh_time_;
    site_policy& policy_;
    postfix_proto::proxymap_client proxymap_;
    postfix_proto::queue_layout layout_;
    queue_mover mover_;
    postfix_proto::trigger_sender queue_manager_;
    postfix_proto::worker_thread worker_;
    daemon_context daemon_;
    logfile_store store_;
    site_sender sender_;
    recorded_sends recorded_;
    housekeeping housekeeping_;
    compactor compactor_;
    std::function<void(const std::string&)> on_request_;
};

} // namespace flushd
