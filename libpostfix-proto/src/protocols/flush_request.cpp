#include "postfix_proto/flush_request.hpp"

#include "attributes/attribute_text.hpp"
#include "postfix_proto/attribute_encoder.hpp"

#include <fmt/format.h>

namespace postfix_proto {

namespace {

namespace attribute {
constexpr std::string_view protocol = "protocol";
constexpr std::string_view request = "request";
constexpr std::string_view site = "site";
constexpr std::string_view queue_id = "queue_id";
constexpr std::string_view status = "status";
} // namespace attribute

namespace request_name {
constexpr std::string_view add = "add";
constexpr std::string_view send_site = "send_site";
constexpr std::string_view send_file = "send_file";
constexpr std::string_view refresh = "rfrsh";
constexpr std::string_view purge = "purge";
constexpr std::string_view wakeup = "W"; // TRIGGER_REQ_WAKEUP
} // namespace request_name

// In the order in which they are sent.
constexpr std::string_view arguments_of_add[] = {attribute::site, attribute::queue_id};
constexpr std::string_view arguments_of_send_site[] = {attribute::site};
constexpr std::string_view arguments_of_send_file[] = {attribute::queue_id};

// If the first read returns no more bytes than this, they are no attribute list but a trigger.
constexpr std::size_t longest_trigger = 2;

using decoder = flush_request_decoder;

struct encoder_of_requests {
    attribute_encoder list;

    std::string operator()(const add_request& r) {
        return list.add(attribute::request, request_name::add)
            .add(attribute::site, r.site)
            .add(attribute::queue_id, r.id.str())
            .finish();
    }
    std::string operator()(const send_site_request& r) {
        return list.add(attribute::request, request_name::send_site)
            .add(attribute::site, r.site)
            .finish();
    }
    std::string operator()(const send_file_request& r) {
        return list.add(attribute::request, request_name::send_file)
            .add(attribute::queue_id, r.id.str())
            .finish();
    }
    std::string operator()(const refresh_request&) {
        return list.add(attribute::request, request_name::refresh).finish();
    }
    std::string operator()(const purge_request&) {
        return list.add(attribute::request, request_name::purge).finish();
    }
};

std::optional<flush_status> known_status(std::int32_t number) {
    for (const auto status :
         {flush_status::ok, flush_status::fail, flush_status::bad, flush_status::deny})
        if (number == static_cast<std::int32_t>(status))
            return status;
    return std::nullopt;
}

} // namespace

std::string flush_announcement() {
    return attribute_encoder().add(attribute::protocol, flush_protocol_name).finish();
}

std::string encode(flush_status status) {
    return attribute_encoder().add(attribute::status, static_cast<std::int32_t>(status)).finish();
}

std::string encode(const flush_request& request) {
    return std::visit(encoder_of_requests{}, request);
}

std::optional<decoder::result> decoder::feed(std::string_view bytes) {
    if (bytes.empty())
        return std::nullopt;
    if (state_ == state::start)
        state_ = bytes.size() <= longest_trigger ? state::trigger : state::request_name;
    if (state_ == state::trigger) {
        const auto terminator = bytes.find('\0');
        trigger_ += bytes.substr(0, terminator);
        if (terminator == std::string_view::npos) {
            if (trigger_.size() > attribute_decoder::default_string_limit)
                return malformed{"over-long trigger"};
            return std::nullopt;
        }
        bytes.remove_prefix(terminator + 1);
        if (auto outcome = select_request(trigger_))
            return outcome;
    }
    while (true) {
        const auto event = attributes_.next(bytes);
        if (std::holds_alternative<attribute_decoder::need_more>(event))
            return std::nullopt;
        if (std::holds_alternative<attribute_decoder::too_long>(event))
            return malformed{"over-long attribute"};
        std::optional<result> outcome;
        if (const auto* name = std::get_if<attribute_decoder::name>(&event))
            outcome = take_name(name->text);
        else if (const auto* value = std::get_if<attribute_decoder::value>(&event))
            outcome = take_value(value->text);
        else if (state_ == state::request_name)
            outcome = malformed{fmt::format("missing attribute {}", attribute::request)};
        else if (!expected_.empty())
            outcome = malformed{fmt::format("missing attribute {}", expected_.front())};
        else
            outcome = finish();
        if (outcome)
            return outcome;
    }
}

std::optional<decoder::result> decoder::take_name(std::string_view name) {
    if (state_ == state::request_name) {
        if (name != attribute::request)
            return malformed{fmt::format("unexpected attribute {} (expecting {})",
                                         quote_for_log(name), attribute::request)};
        state_ = state::request_value;
        return std::nullopt;
    }
    if (expected_.empty()) {
        // A client of a later Postfix version may send more. As in Postfix, the request is served
        // without the rest.
        remark_ = fmt::format("unexpected attribute {} (expecting the end of the list)",
                              quote_for_log(name));
        return finish();
    }
    if (name != expected_.front())
        return malformed{fmt::format("unexpected attribute {} (expecting {})", quote_for_log(name),
                                     expected_.front())};
    return std::nullopt;
}

std::optional<decoder::result> decoder::take_value(std::string_view value) {
    if (state_ == state::request_value)
        return select_request(value);
    (expected_.front() == attribute::site ? site_ : queue_id_) = value;
    expected_ = expected_.subspan(1);
    return std::nullopt;
}

std::optional<decoder::result> decoder::select_request(std::string_view name) {
    state_ = state::arguments;
    request_ = name;
    if (name == request_name::add)
        expected_ = arguments_of_add;
    else if (name == request_name::send_site)
        expected_ = arguments_of_send_site;
    else if (name == request_name::send_file)
        expected_ = arguments_of_send_file;
    else if (name == request_name::refresh || name == request_name::wakeup)
        return flush_request(refresh_request{});
    else if (name == request_name::purge)
        return flush_request(purge_request{});
    else
        return unknown{std::string(name)};
    return std::nullopt;
}

decoder::result decoder::finish() {
    if (request_ == request_name::send_site)
        return flush_request(send_site_request{std::move(site_)});
    auto id = queue_id::parse(queue_id_);
    if (!id)
        return malformed{fmt::format("bad queue ID {}", quote_for_log(queue_id_))};
    if (request_ == request_name::send_file)
        return flush_request(send_file_request{std::move(*id)});
    return flush_request(add_request{std::move(site_), std::move(*id)});
}

decoder::result decoder::end_of_input() {
    // The NUL at the end of a trigger may be missing.
    if (state_ == state::trigger && !trigger_.empty())
        if (auto outcome = select_request(trigger_))
            return *std::move(outcome);
    return malformed{"unexpected end of input"};
}

std::optional<flush_reply_decoder::result> flush_reply_decoder::feed(std::string_view bytes) {
    for (;;) {
        const auto event = lists_.next(bytes);
        if (std::holds_alternative<reply_decoder::need_more>(event))
            return std::nullopt;
        if (std::holds_alternative<reply_decoder::too_long>(event))
            return malformed{"over-long attribute"};
        if (const auto* wrong = std::get_if<reply_decoder::wrong_protocol>(&event))
            return malformed{describe(*wrong, flush_protocol_name)};
        if (std::holds_alternative<reply_decoder::end_of_list>(event)) {
            if (!status_)
                return malformed{fmt::format("missing attribute {}", attribute::status)};
            return *status_;
        }
        if (status_) // ignore what a later version adds
            continue;
        if (const auto* name = std::get_if<reply_decoder::name>(&event)) {
            if (name->text != attribute::status)
                return malformed{fmt::format("unexpected attribute {} (expecting {})",
                                             quote_for_log(name->text), attribute::status)};
        } else {
            const auto text = std::get<reply_decoder::value>(event).text;
            const auto number = parse_number<std::uint32_t>(text);
            status_ = number ? known_status(static_cast<std::int32_t>(*number)) : std::nullopt;
            if (!status_)
                return malformed{fmt::format("unknown status {}", quote_for_log(text))};
        }
    }
}

} // namespace postfix_proto
