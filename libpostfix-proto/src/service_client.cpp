#include "postfix_proto/service_client.hpp"

namespace postfix_proto {

namespace asio = boost::asio;
using outcome = service_connection::outcome;

service_client::service_client(asio::io_context& context, std::string path,
                               std::string_view protocol, attribute_form form,
                               std::chrono::milliseconds limit)
    : service_(context, std::move(path)), protocol_(protocol), form_(form), limit_(limit),
      lists_(protocol) {}

asio::awaitable<outcome> service_client::ask(std::string request, attribute_scanner& reply) {
    service_.expires_after(limit_);
    if (is_connected_ && !service_.is_quiet())
        close();
    const bool was_kept = is_connected_;
    auto failure = co_await ask_once(request, reply);
    if (failure && was_kept && failure->why == service_failure::reason::closed) {
        // It was closed between the look and the request.
        reply.restart();
        failure = co_await ask_once(request, reply);
    }
    co_return failure;
}

asio::awaitable<outcome> service_client::ask_once(const std::string& request,
                                                  attribute_scanner& reply) {
    using progress = attribute_scanner::progress;
    outcome failure;
    if (!is_connected_) {
        lists_ = reply_decoder(protocol_, attribute_decoder::default_string_limit, form_);
        failure = co_await service_.connect();
        is_connected_ = !failure;
    }
    if (!failure)
        failure = co_await service_.send(request);
    auto so_far = progress::need_more;
    std::string input;
    while (!failure && so_far == progress::need_more) {
        input.clear();
        failure = co_await service_.receive(input);
        std::string_view rest = input;
        so_far = reply.feed(lists_, rest);
        if (so_far == progress::malformed)
            failure = service_.malformed(reply.reason());
        else if (so_far == progress::complete && (!rest.empty() || !reply.reason().empty()))
            close(); // what it says next would be taken for the next reply
    }
    if (failure)
        close();
    co_return failure;
}

void service_client::close() {
    is_connected_ = false;
    service_.close();
}

} // namespace postfix_proto
