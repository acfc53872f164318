#include "postfix_proto/flush_client.hpp"

#include "attributes/attribute_text.hpp"
#include "clients/service_failures.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/service_connection.hpp"
#include "postfix_proto/turns.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

#include <list>

namespace postfix_proto {

namespace asio = boost::asio;

namespace {

/// Names the subject of a request, for messages.
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
    case reason::out_of_resources:
        return {flush_outcome::out_of_resources, failure.text};
    case reason::cancelled:
        return {flush_outcome::cancelled, failure.text};
    case reason::client_closed:
        return {flush_outcome::client_closed, failure.text};
    case reason::malformed:
    case reason::too_many: // cannot happen: any number may wait
        break;
    }
    return {flush_outcome::malformed, failure.text};
}

/// Sends the request and waits for the answer.
asio::awaitable<flush_result> converse(service_connection& service, const flush_request& what) {
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

} // namespace

struct flush_client::state {
    state(asio::io_context& loop, flush_client_settings s)
        : context(loop), settings(std::move(s)), connections(loop, settings.most_connections) {}

    asio::io_context& context;
    flush_client_settings settings;
    turns connections;
    std::list<service_connection*> open; // of the requests in progress
    bool is_closed = false;
};

namespace {

/// A connection that the client closes if it is destroyed first.
class listed_connection {
public:
    listed_connection(asio::io_context& context, const std::string& path,
                      std::list<service_connection*>& list)
        : connection_(context, path), list_(list), place_(list.insert(list.end(), &connection_)) {}
    ~listed_connection() { list_.erase(place_); }
    listed_connection(const listed_connection&) = delete;
    listed_connection& operator=(const listed_connection&) = delete;

    service_connection& operator*() { return connection_; }

private:
    service_connection connection_;
    std::list<service_connection*>& list_;
    std::list<service_connection*>::iterator place_;
};

} // namespace

flush_client::flush_client(asio::io_context& context, flush_client_settings settings)
    : state_(std::make_shared<state>(context, std::move(settings))) {}

flush_client::~flush_client() {
    state_->is_closed = true;
    state_->connections.send_away();
    for (auto* connection : state_->open)
        connection->close();
}

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
    return ask(state_, std::move(what));
}

flush_client::result flush_client::ask(std::shared_ptr<state> shared, flush_request what) {
    const auto& path = shared->settings.path;
    const auto deadline = deadline_after(shared->settings.limit);
    try {
        if (shared->is_closed)
            co_return result_of(client_closed_failure("request", path));
        const auto mine = co_await shared->connections.take_before(deadline);
        if (!mine)
            co_return result_of(no_turn_failure(mine.error(), path));
        if (shared->is_closed)
            co_return result_of(client_closed_failure("request", path));
        listed_connection service(shared->context, path, shared->open);
        (*service).expires_at(deadline);
        co_return co_await converse(*service, what);
    } catch (const boost::system::system_error& error) {
        // Asio throws this if the coroutine was cancelled between two steps.
        if (error.code() != asio::error::operation_aborted)
            throw;
        co_return result_of(cancelled_failure("request", path));
    }
}

flush_result ask_flush(flush_request what, flush_client_settings settings) {
    asio::io_context context(1);
    flush_client client(context, std::move(settings));
    return run_blocking(context, client.request(std::move(what)));
}

} // namespace postfix_proto
