#include "postfix_proto/anvil_client.hpp"

namespace postfix_proto {

boost::asio::awaitable<anvil_answer> anvil_client::ask(anvil_request what, std::string service,
                                                       std::string client) {
    anvil_reply reply(what);
    auto failure = co_await service_.ask(encode(what, service, client), reply.scanner());
    if (!failure && !reply.complaint().empty())
        failure = service_.malformed(reply.complaint());
    if (failure)
        co_return anvil_answer{std::move(failure), {}};
    co_return anvil_answer{std::nullopt, reply.counts()};
}

} // namespace postfix_proto
