#include "postfix_proto/anvil_client.hpp"

#include <memory>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using outcome = service_connection::outcome;

namespace {

/// Does not refer to the client, which may be destroyed before this ends.
asio::awaitable<anvil_answer> to_answer(asio::awaitable<outcome> asked,
                                        std::unique_ptr<anvil_reply> reply) {
    auto failure = co_await std::move(asked);
    if (failure)
        co_return anvil_answer{std::move(failure), {}};
    co_return anvil_answer{std::nullopt, reply->counts()};
}

} // namespace

asio::awaitable<anvil_answer> anvil_client::ask(anvil_request what, std::string service,
                                                std::string client) {
    auto reply = std::make_unique<anvil_reply>(what);
    auto asked = service_.ask(encode(what, service, client), reply->scanner(),
                              [&reply = *reply] { return reply.complaint(); });
    return to_answer(std::move(asked), std::move(reply));
}

} // namespace postfix_proto
