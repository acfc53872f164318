#include "flushd/daemon/flush_session.hpp"

#include "postfix_proto/flush_request.hpp"

#include <boost/asio/error.hpp>

#include <optional>
#include <string>
#include <variant>

namespace flushd {

namespace asio = boost::asio;
using postfix_proto::flush_request;
using postfix_proto::flush_request_decoder;
using postfix_proto::flush_status;

namespace {

/// Returns nothing if the client gets no reply: it has timed out, or has stopped in the middle.
asio::awaitable<std::optional<flush_request_decoder::result>>
read_request(postfix_proto::client_connection& client, flush_request_decoder& decoder,
             postfix_proto::logger& log) {
    std::string bytes;
    while (true) {
        const bool begun = !bytes.empty();
        bytes.clear();
        const auto error = co_await client.read_some(bytes);
        if (error == asio::error::eof)
            co_return decoder.end_of_input();
        if (error == asio::error::operation_aborted)
            co_return std::nullopt;
        if (error == asio::error::timed_out && begun) {
            // Postfix does not reply, either: it cannot use its stream after a timeout.
            log.warning("flush client: timeout while reading the request");
            co_return std::nullopt;
        }
        if (error == asio::error::timed_out)
            co_return flush_request_decoder::malformed{"timeout while waiting for the request"};
        if (error)
            co_return flush_request_decoder::malformed{error.message()};
        if (auto result = decoder.feed(bytes))
            co_return std::move(result);
    }
}

} // namespace

asio::awaitable<void> serve_client(postfix_proto::client_connection& client, flush_service& service,
                                   bool announce, postfix_proto::logger& log) {
    // A client that has disconnected is detected when its request is read.
    if (announce)
        static_cast<void>(co_await client.write(postfix_proto::flush_announcement()));

    flush_request_decoder decoder;
    auto outcome = co_await read_request(client, decoder, log);
    if (!outcome)
        co_return;
    auto& result = *outcome;
    if (!decoder.remark().empty())
        log.warning("flush client: {}", decoder.remark());
    auto status = flush_status::bad;
    if (const auto* unknown = std::get_if<flush_request_decoder::unknown>(&result)) {
        log.warning("flush client: unknown request \"{}\"", unknown->name.substr(0, 100));
        service.count_malformed();
        co_return; // as Postfix does
    }
    if (const auto* malformed = std::get_if<flush_request_decoder::malformed>(&result)) {
        log.warning("flush client: {}", malformed->reason);
        service.count_malformed();
    } else {
        auto& request = std::get<flush_request>(result);
        // Not for an add, of which there may be thousands a second.
        const bool is_send = std::holds_alternative<postfix_proto::send_site_request>(request);
        const auto user = is_send ? client.user() : std::nullopt;
        status = co_await service.handle(std::move(request), user);
    }

    if (const auto error = co_await client.write(postfix_proto::encode(status)))
        log.debug("flush client: reply {} not sent: {}", static_cast<int>(status), error.message());
}

} // namespace flushd
