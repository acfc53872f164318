#include "postfix_proto/resolve_client.hpp"

#include <memory>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;

namespace {

// Does not refer to the client, which may be destroyed before it ends.
asio::awaitable<resolve_answer> to_answer(asio::awaitable<service_connection::outcome> asked,
                                          std::unique_ptr<resolve_reply> reply) {
    auto failure = co_await std::move(asked);
    if (failure)
        co_return resolve_answer{std::move(failure), "", "", ""};
    co_return resolve_answer{std::nullopt, reply->transport(), reply->nexthop(),
                             reply->recipient()};
}

} // namespace

asio::awaitable<resolve_answer> resolve_client::query(std::string sender, std::string address) {
    auto reply = std::make_unique<resolve_reply>();
    auto asked = service_.ask(encode_resolve_query(sender, address), reply->scanner(),
                              [&reply = *reply] { return reply.complaint(); });
    return to_answer(std::move(asked), std::move(reply));
}

} // namespace postfix_proto
