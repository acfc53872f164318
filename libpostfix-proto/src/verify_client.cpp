#include "postfix_proto/verify_client.hpp"

namespace postfix_proto {

namespace asio = boost::asio;
using expected = verify_reply::expected;

asio::awaitable<verify_answer> verify_client::query(std::string address) {
    verify_reply reply(expected::query);
    auto failure = co_await service_.ask(encode_verify_query(address), reply.scanner());
    if (!failure && !reply.complaint().empty())
        failure = service_.malformed(reply.complaint());
    if (failure)
        co_return verify_answer{std::move(failure), address_status::unknown, ""};
    co_return verify_answer{std::nullopt, reply.status(), reply.reason()};
}

asio::awaitable<service_connection::outcome>
verify_client::update(std::string address, address_status status, std::string reason) {
    verify_reply reply(expected::update);
    auto failure =
        co_await service_.ask(encode_verify_update(address, status, reason), reply.scanner());
    if (!failure && !reply.complaint().empty())
        failure = service_.malformed(reply.complaint());
    co_return failure;
}

} // namespace postfix_proto
