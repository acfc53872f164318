/// Asks proxymap(8) questions over one connection. Private to the library.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/proxymap_protocol.hpp"
#include "postfix_proto/remote_question.hpp"
#include "postfix_proto/reply_decoder.hpp"
#include "postfix_proto/result.hpp"
#include "postfix_proto/service_connection.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace postfix_proto {

/// A connection and the tables that are open over it. Takes one question at a time. After a
/// failure it is of no further use.
class proxymap_connection {
public:
    using clock = std::chrono::steady_clock;
    template <typename T>
    using outcome = boost::asio::awaitable<result<T, service_failure>>;

    proxymap_connection(boost::asio::io_context& context, const std::string& path,
                        proxymap_form form)
        : service_(context, path), form_(form) {}

    /// Sets the deadline of the steps that follow.
    void expires_at(clock::time_point deadline) { service_.expires_at(deadline); }

    [[nodiscard]] boost::asio::awaitable<service_connection::outcome> connect() {
        return service_.connect();
    }

    /// Opens a table. Returns the status of the reply, or ok if the table is open already. `table`
    /// must outlive the call.
    [[nodiscard]] outcome<std::uint32_t> open(const std::string& table);
    /// Looks up the key in a table that is open. `question` must outlive the call.
    [[nodiscard]] outcome<remote_answer> look_up(const remote_question& question);

    /// Whether proxymap has the connection open, and has sent nothing after the last reply.
    [[nodiscard]] bool is_quiet() const { return input_.empty() && service_.is_quiet(); }

    [[nodiscard]] clock::time_point opened() const noexcept { return opened_; }

private:
    boost::asio::awaitable<service_connection::outcome> ask(std::string request,
                                                            proxymap_reply& reply);

    service_connection service_;
    proxymap_form form_;
    clock::time_point opened_ = clock::now();
    reply_decoder lists_{proxymap_protocol_name, proxymap_reply::string_limit};
    std::string input_;                                // received after the last reply
    std::map<std::string, std::uint32_t> table_flags_; // of the open tables, from the last reply
};

} // namespace postfix_proto
