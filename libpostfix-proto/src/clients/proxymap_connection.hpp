/// Asks questions on one connection to proxymap(8). Private to the library.
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

/// A connection and the tables that are open on it. One question at a time; after a failure it is
/// of no further use.
class proxymap_connection {
public:
    using clock = std::chrono::steady_clock;
    template <typename T>
    using outcome = boost::asio::awaitable<result<T, service_failure>>;

    proxymap_connection(boost::asio::io_context& context, const std::string& path,
                        proxymap_form form)
        : service_(context, path), form_(form) {}

    /// When what follows must be done.
    void expires_at(clock::time_point deadline) { service_.expires_at(deadline); }

    [[nodiscard]] boost::asio::awaitable<service_connection::outcome> connect() {
        return service_.connect();
    }

    /// The status of the reply, ok when the table was open already. `table` must outlive the call.
    [[nodiscard]] outcome<std::uint32_t> open(const std::string& table);
    /// Of a table that is open. `question` must outlive the call.
    [[nodiscard]] outcome<remote_answer> look_up(const remote_question& question);

    /// Whether proxymap is still there and has said nothing that nobody asked for.
    [[nodiscard]] bool is_quiet() const { return input_.empty() && service_.is_quiet(); }

    [[nodiscard]] clock::time_point opened() const noexcept { return opened_; }

private:
    boost::asio::awaitable<service_connection::outcome> ask(std::string request,
                                                            proxymap_reply& reply);

    service_connection service_;
    proxymap_form form_;
    clock::time_point opened_ = clock::now();
    reply_decoder lists_{proxymap_protocol_name, proxymap_reply::string_limit};
    std::string input_;                                // what came after the last reply
    std::map<std::string, std::uint32_t> table_flags_; // of the open tables, as told last
};

} // namespace postfix_proto
