#include "postfix_proto/service_client.hpp"

#include "clients/service_failures.hpp"
#include "postfix_proto/turns.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <optional>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using outcome = service_connection::outcome;

struct service_client::state {
    state(asio::io_context& context, const std::string& where, std::string_view name,
          attribute_form which, std::chrono::milliseconds time, std::size_t most_waiting)
        : path(where), service(context, where), protocol(name), form(which), limit(time),
          lists(name), line(context, 1, most_waiting) {}

    static asio::awaitable<outcome> ask(std::shared_ptr<state> self, std::string request,
                                        attribute_scanner& reply,
                                        std::function<std::string()> complaint);
    asio::awaitable<outcome> ask_in_turn(const std::string& request, attribute_scanner& reply);
    asio::awaitable<outcome> ask_once(const std::string& request, attribute_scanner& reply);

    void hang_up() {
        is_connected = false;
        service.close();
    }

    std::string path;
    service_connection service;
    std::string_view protocol;
    attribute_form form;
    std::chrono::milliseconds limit;
    reply_decoder lists;
    turns line;
    bool is_connected = false;
    bool is_closed = false; // the client is destroyed
};

asio::awaitable<outcome> service_client::state::ask(std::shared_ptr<state> self,
                                                    std::string request, attribute_scanner& reply,
                                                    std::function<std::string()> complaint) {
    const auto deadline = deadline_after(self->limit);
    std::optional<turns::turn> mine;
    outcome failure;
    bool is_its_turn = false;
    try {
        if (!self->is_closed) {
            auto taken = co_await self->line.take_before(deadline);
            if (taken)
                mine.emplace(*std::move(taken));
            else
                failure = no_turn_failure(taken.error(), self->path);
        }
        is_its_turn = !failure && !self->is_closed;
        if (self->is_closed && !failure)
            failure = client_closed_failure("request", self->path);
        if (is_its_turn) {
            self->service.expires_at(deadline);
            failure = co_await self->ask_in_turn(request, reply);
            const auto text = complaint && !failure ? complaint() : std::string();
            if (!text.empty())
                failure = self->service.malformed(text);
        }
    } catch (const boost::system::system_error& error) {
        // Asio throws this if the coroutine was cancelled between two steps.
        if (is_its_turn)
            self->hang_up();
        if (error.code() != asio::error::operation_aborted)
            throw;
        failure = cancelled_failure("request", self->path);
    } catch (...) {
        if (is_its_turn)
            self->hang_up();
        throw;
    }
    co_return failure;
}

asio::awaitable<outcome> service_client::state::ask_in_turn(const std::string& request,
                                                            attribute_scanner& reply) {
    if (is_connected && !service.is_quiet())
        hang_up();
    const bool was_kept = is_connected;
    auto failure = co_await ask_once(request, reply);
    if (failure && was_kept && failure->why == service_failure::reason::closed) {
        // The service closed the connection between is_quiet() and the request.
        reply.restart();
        failure = co_await ask_once(request, reply);
    }
    co_return failure;
}

asio::awaitable<outcome> service_client::state::ask_once(const std::string& request,
                                                         attribute_scanner& reply) {
    using progress = attribute_scanner::progress;
    outcome failure;
    if (!is_connected) {
        lists = reply_decoder(protocol, attribute_decoder::default_string_limit, form);
        failure = co_await service.connect();
        is_connected = !failure;
    }
    if (!failure)
        failure = co_await service.send(request);
    auto so_far = progress::need_more;
    std::string input;
    while (!failure && so_far == progress::need_more) {
        input.clear();
        failure = co_await service.receive(input);
        std::string_view rest = input;
        so_far = reply.feed(lists, rest);
        if (so_far == progress::malformed)
            failure = service.malformed(reply.reason());
        else if (so_far == progress::complete && (!rest.empty() || !reply.reason().empty()))
            hang_up(); // further bytes would be taken for the next reply
    }
    if (failure)
        hang_up();
    co_return failure;
}

service_client::service_client(asio::io_context& context, std::string path,
                               std::string_view protocol, attribute_form form,
                               std::chrono::milliseconds limit, std::size_t most_waiting)
    : state_(std::make_shared<state>(context, path, protocol, form, limit, most_waiting)) {}

service_client::~service_client() {
    state_->is_closed = true;
    close();
}

asio::awaitable<outcome> service_client::ask(std::string request, attribute_scanner& reply,
                                             std::function<std::string()> complaint) {
    return state::ask(state_, std::move(request), reply, std::move(complaint));
}

void service_client::close() {
    state_->line.send_away();
    state_->hang_up();
}

} // namespace postfix_proto
