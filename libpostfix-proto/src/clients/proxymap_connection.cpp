#include "clients/proxymap_connection.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using expected = proxymap_reply::expected;

namespace {

constexpr std::uint32_t code(proxymap_status status) { return static_cast<std::uint32_t>(status); }

} // namespace

asio::awaitable<service_connection::outcome> proxymap_connection::ask(std::string request,
                                                                      proxymap_reply& reply) {
    using progress = proxymap_reply::progress;
    auto failure = co_await service_.send(std::move(request));
    while (!failure) {
        std::string_view rest = input_;
        const auto so_far = reply.feed(lists_, rest);
        input_.erase(0, input_.size() - rest.size());
        if (so_far == progress::complete)
            break;
        if (so_far == progress::malformed)
            failure = service_.malformed(reply.reason());
        else
            failure = co_await service_.receive(input_);
    }
    co_return failure;
}

proxymap_connection::outcome<std::uint32_t> proxymap_connection::open(const std::string& table) {
    if (table_flags_.contains(table))
        co_return code(proxymap_status::ok);
    proxymap_reply reply(expected::open, form_);
    auto failure = co_await ask(encode_proxymap_open(table, form_), reply);
    if (failure)
        co_return unexpected(*std::move(failure));
    if (reply.status() == code(proxymap_status::ok))
        table_flags_.emplace(table, reply.table_flags());
    co_return reply.status();
}

proxymap_connection::outcome<remote_answer>
proxymap_connection::look_up(const remote_question& question) {
    const auto opened = table_flags_.find(question.table);
    proxymap_reply reply(expected::lookup, form_);
    auto failure = co_await ask(
        encode_proxymap_lookup(question.table, question.key, form_, opened->second), reply);
    if (failure)
        co_return unexpected(*std::move(failure));
    remote_answer answer;
    answer.keys_are_fixed = proxymap_keys_are_fixed(opened->second);
    if (!proxymap_table_is_open(reply.status()))
        table_flags_.erase(opened);
    else if (form_ == proxymap_form::instance_flags)
        opened->second = reply.table_flags();
    if (reply.status() == code(proxymap_status::ok))
        answer.result = lookup_result::found(reply.value());
    else if (reply.status() == code(proxymap_status::no_key))
        answer.result = lookup_result::not_found();
    else
        answer.result = proxymap_failure(reply.status(), question.table);
    co_return answer;
}

} // namespace postfix_proto
