#include "postfix_proto/showq_client.hpp"

#include "postfix_proto/run_blocking.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

namespace postfix_proto {

namespace asio = boost::asio;
using event = showq_decoder::event;

showq_client::showq_client(asio::io_context& context, showq_client_settings settings)
    : service_(context, std::move(settings.path)), silence_limit_(settings.silence_limit) {}

asio::awaitable<const queued_message*> showq_client::next() {
    return find_or_read<queued_message>();
}

asio::awaitable<const queued_recipient*> showq_client::next_recipient() {
    return find_or_read<queued_recipient>();
}

template <typename Item>
asio::awaitable<const Item*> showq_client::find_or_read() {
    const Item* item = nullptr;
    try {
        while (!find(item)) {
            const bool has_more = co_await read_more();
            if (!has_more)
                break;
        }
    } catch (const boost::system::system_error& error) {
        // Asio throws this if the coroutine was cancelled between two steps.
        if (error.code() != asio::error::operation_aborted)
            throw;
        failure_ = service_.cancelled();
        service_.close();
    }
    co_return item;
}

void showq_client::close() {
    if (!failure_ && !has_ended_)
        failure_ = service_.client_closed();
    service_.close();
}

bool showq_client::find(const queued_message*& message) {
    for (;;) {
        switch (take_event()) {
        case event::need_more:
            return false;
        case event::message:
            message = &decoder_.message();
            return true;
        case event::recipient: // of a message whose recipients the caller does not want
        case event::end_of_message:
            break;
        case event::end_of_list:
        case event::malformed:
            return true;
        }
    }
}

bool showq_client::find(const queued_recipient*& recipient) {
    if (!in_message_)
        return true;
    switch (take_event()) {
    case event::need_more:
        return false;
    case event::recipient:
        recipient = &decoder_.recipient();
        return true;
    default:
        return true;
    }
}

event showq_client::take_event() {
    if (failure_)
        return event::malformed;
    const auto result = decoder_.next(rest_);
    in_message_ = result == event::message ||
                  (in_message_ && (result == event::recipient || result == event::need_more));
    if (result == event::malformed)
        failure_ = service_.malformed(decoder_.reason());
    has_ended_ = result == event::end_of_list;
    if (result == event::malformed || has_ended_)
        service_.close();
    return result;
}

asio::awaitable<bool> showq_client::read_more() {
    service_.expires_after(silence_limit_);
    if (!std::exchange(connected_, true))
        failure_ = co_await service_.connect();
    input_.clear();
    if (!failure_)
        failure_ = co_await service_.receive(input_);
    rest_ = input_;
    if (failure_ && failure_->why == service_failure::reason::unreachable)
        failure_->text = fmt::format("Queue report unavailable - {}", failure_->text);
    if (failure_)
        service_.close();
    co_return !failure_;
}

const queued_message* blocking_showq_client::next() {
    const queued_message* message = nullptr;
    while (!client_.find(message) && read_more()) {
    }
    return message;
}

const queued_recipient* blocking_showq_client::next_recipient() {
    const queued_recipient* recipient = nullptr;
    while (!client_.find(recipient) && read_more()) {
    }
    return recipient;
}

bool blocking_showq_client::read_more() { return run_blocking(context_, client_.read_more()); }

} // namespace postfix_proto
