#include "postfix_proto/flush_client.hpp"

#include "attribute_text.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/service_connection.hpp"

#include <fmt/format.h>

namespace postfix_proto {

namespace asio = boost::asio;

namespace {

/// What a request is about, for a person.
struct subject {
    std::string operator()(const add_request& r) const { return quote_for_log(r.site); }
    std::string operator()(const send_site_request& r) const { return quote_for_log(r.site); }
    std::string operator()(const send_file_request& r) const { return quote_for_log(r.id.str()); }
    std::string operator()(const refresh_request&) const { return "refresh"; }
    std::string operator()(const purge_request&) const { return "purge"; }
};

flush_result result_of(flush_status status, const flush_request& what) {
    const auto about = std::visit(subject{}, what);
    switch (status) {
    case flush_status::ok:
        return {flush_outcome::ok, ""};
    case flush_status::fail:
        break;
    case flush_status::bad:
        return {flush_outcome::bad, fmt::format("Invalid request: {}", about)};
    case flush_status::deny:
        return {flush_outcome::deny,
                fmt::format("Flush service is not configured for destination {}", about)};
    }
    return {flush_outcome::fail,
            fmt::format("Flush service failed for {}, the mail log says why", about)};
}

flush_result result_of(const service_failure& failure) {
    using reason = service_failure::reason;
    switch (failure.why) {
    case reason::unreachable:
        return {flush_outcome::unreachable,
                fmt::format("Cannot flush mail queue - {}", failure.text)};
    case reason::forbidden:
        return {flush_outcome::forbidden, failure.text};
    case reason::timed_out:
        return {flush_outcome::timed_out, failure.text};
    case reason::closed:
        return {flush_outcome::closed, failure.text};
    case reason::malformed:
        break;
    }
    return {flush_outcome::malformed, failure.text};
}

} // namespace

flush_client::flush_client(asio::io_context& context, flush_client_settings settings)
    : context_(context), settings_(std::move(settings)) {}

flush_client::result flush_client::add(std::string site, queue_id id) {
    return request(add_request{std::move(site), std::move(id)});
}

flush_client::result flush_client::send_site(std::string site) {
    return request(send_site_request{std::move(site)});
}

flush_client::result flush_client::send_file(queue_id id) {
    return request(send_file_request{std::move(id)});
}

flush_client::result flush_client::refresh() { return request(refresh_request{}); }

flush_client::result flush_client::purge() { return request(purge_request{}); }

flush_client::result flush_client::request(flush_request what) {
    service_connection service(context_, settings_.path);
    service.expires_after(settings_.limit);
    auto failure = co_await service.connect();
    if (!failure)
        failure = co_await service.send(encode(what));
    flush_reply_decoder decoder;
    while (!failure) {
        std::string input;
        failure = co_await service.receive(input);
        const auto reply = decoder.feed(input);
        if (!reply)
            continue;
        if (const auto* status = std::get_if<flush_status>(&*reply))
            co_return result_of(*status, what);
        failure = service.malformed(std::get<flush_reply_decoder::malformed>(*reply).reason);
    }
    co_return result_of(*failure);
}

flush_result ask_flush(flush_request what, flush_client_settings settings) {
    asio::io_context context(1);
    flush_client client(context, std::move(settings));
    return run_blocking(context, client.request(std::move(what)));
}

} // namespace postfix_proto
