#include "postfix_proto/verify_client.hpp"

#include <memory>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using expected = verify_reply::expected;
using outcome = service_connection::outcome;

namespace {

// These do not refer to the client, which may be destroyed before they end.

asio::awaitable<verify_answer> to_answer(asio::awaitable<outcome> asked,
                                         std::unique_ptr<verify_reply> reply) {
    auto failure = co_await std::move(asked);
    if (failure)
        co_return verify_answer{std::move(failure), address_status::unknown, ""};
    co_return verify_answer{std::nullopt, reply->status(), reply->reason()};
}

asio::awaitable<outcome> to_outcome(asio::awaitable<outcome> asked,
                                    std::unique_ptr<verify_reply> reply) {
    const auto kept = std::move(reply);
    co_return co_await std::move(asked);
}

} // namespace

asio::awaitable<verify_answer> verify_client::query(std::string address) {
    auto reply = std::make_unique<verify_reply>(expected::query);
    auto asked = service_.ask(encode_verify_query(address), reply->scanner(),
                              [&reply = *reply] { return reply.complaint(); });
    return to_answer(std::move(asked), std::move(reply));
}

asio::awaitable<outcome> verify_client::update(std::string address, address_status status,
                                               std::string reason) {
    auto reply = std::make_unique<verify_reply>(expected::update);
    auto asked = service_.ask(encode_verify_update(address, status, reason), reply->scanner(),
                              [&reply = *reply] { return reply.complaint(); });
    return to_outcome(std::move(asked), std::move(reply));
}

} // namespace postfix_proto
