// A queue directory, and the flush service that serves it.
#pragma once

#include "recording_sink.hpp"
#include "spool.hpp"

#include "flushd/daemon/flush_service.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <string>

/// With Postfix's own defaults where no time of a test depends on them.
inline flushd::flush_parameters serving(std::string fast_flush_domains) {
    flushd::flush_parameters result;
    result.fast_flush_domains = std::move(fast_flush_domains);
    result.refresh_time = std::chrono::hours(12);
    result.purge_time = std::chrono::hours(24 * 7);
    result.queue_manager_socket = "public/qmgr";
    result.trigger_timeout = std::chrono::seconds(10);
    result.ipc_timeout = std::chrono::seconds(10);
    return result;
}

struct queue_with_service {
    explicit queue_with_service(flushd::flush_parameters served, std::size_t most_open_logfiles)
        : parameters(std::move(served)),
          service({context, work, log}, parameters, most_open_logfiles, policy, counts, unfinished,
                  history) {}

    spool queue;
    recorded_log records;
    postfix_proto::logger log{records.sink()};
    boost::asio::io_context context{1};
    postfix_proto::work_in_hand work;
    flushd::counters counts;
    flushd::flush_parameters parameters;
    flushd::site_policy policy{parameters, log};
    flushd::unfinished_sends unfinished;
    flushd::send_history history;
    flushd::flush_service service;
};
