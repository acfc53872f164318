/// Serves metrics over HTTP, for those who have no node_exporter.
#pragma once

#include "flushd/tool/metrics/shared_collection.hpp"

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/client_listener.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace flushd::tool {

/// The limits of an exporter.
struct exporter_limits {
    std::size_t clients = 32;        ///< connections; the most silent one makes room for the next
    std::chrono::seconds request{5}; ///< for a request to arrive, and for an answer to be taken
    collection_times times{};
};

/// Answers each client once. A client that is slow or silent holds up nobody else and is closed
/// after `limits.request`. All members are called in the thread of the io_context, which must
/// outlive this object, and this object the context's run.
class exporter {
public:
    /// Serves clients of the socket, which listens and is non-blocking. `collect` returns the
    /// metrics and runs in another thread. Lowers the process's limit of descriptors, if that is
    /// very high. `log` must outlive this object.
    exporter(boost::asio::io_context& context, postfix_proto::file_descriptor socket,
             std::function<std::string()> collect, const exporter_limits& limits,
             postfix_proto::logger& log);

    /// Accepts no more clients and lets go those that wait. The io_context then has no more work
    /// after `limits.request` at the latest.
    void stop();

private:
    [[nodiscard]] boost::asio::awaitable<void> serve(postfix_proto::client_connection& client);

    postfix_proto::work_in_hand work_;
    shared_collection collection_;
    postfix_proto::client_listener listener_;
};

/// Serves until SIGTERM, SIGINT or SIGHUP. Then it calls `on_stop`, which may interrupt `collect`.
void run_exporter(postfix_proto::file_descriptor socket, std::function<std::string()> collect,
                  const std::function<void()>& on_stop);

} // namespace flushd::tool
