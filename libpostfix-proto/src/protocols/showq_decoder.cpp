#include "postfix_proto/showq_decoder.hpp"

#include "attributes/attribute_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postfix_proto {

namespace {

constexpr std::array<std::string_view, 10> attribute_names = {
    "queue_name", "queue_id",           "time",      "size",   "sender", "forced_expire",
    "recipient",  "original_recipient", "log_class", "reason",
};
// How many of them, from the first one on, every message must have.
constexpr std::size_t needed = 5;

constexpr unsigned bit(std::size_t attribute) { return 1U << attribute; }

} // namespace

showq_decoder::event showq_decoder::next(std::string_view& input) {
    if (state_ == state::done)
        return event::end_of_list;
    if (state_ == state::failed)
        return event::malformed;
    if (ends_) {
        ends_ = false;
        state_ = state::between;
        return event::end_of_message;
    }
    if (reported_) {
        reported_ = false;
        recipient_ = {};
    }
    for (;;) {
        const auto piece = lists_.next(input);
        auto result = event::need_more;
        if (std::holds_alternative<reply_decoder::need_more>(piece))
            return event::need_more;
        if (const auto* name = std::get_if<reply_decoder::name>(&piece))
            result = take_name(name->text);
        else if (const auto* value = std::get_if<reply_decoder::value>(&piece))
            result = take_value(value->text);
        else if (std::holds_alternative<reply_decoder::end_of_list>(piece))
            result = take_end();
        else if (const auto* wrong = std::get_if<reply_decoder::wrong_protocol>(&piece))
            result = fail(describe(*wrong, lists_.protocol()));
        else
            result = fail("over-long attribute");
        if (result != event::need_more)
            return result;
    }
}

showq_decoder::event showq_decoder::take_name(std::string_view name) {
    const auto* known = std::find(attribute_names.begin(), attribute_names.end(), name);
    const auto index = static_cast<std::size_t>(known - attribute_names.begin());
    attribute_ = static_cast<attribute>(index);
    if (state_ == state::between) {
        state_ = state::head;
        seen_ = 0;
        forced_expire_ = 0;
        recipient_ = {};
    }
    if (attribute_ == attribute::recipient) {
        if (has_address_)
            return fail("missing attribute reason");
        if (state_ == state::head)
            return begin_message();
    } else if (attribute_ < attribute::recipient) {
        // A message cannot begin before the previous one has ended.
        if (state_ == state::recipients || (seen_ & bit(index)) != 0)
            return fail(fmt::format("unexpected attribute {}", name));
        seen_ |= bit(index);
    } else if (attribute_ == attribute::reason && !has_address_) {
        return fail("unexpected attribute reason (expecting recipient)");
    }
    return event::need_more;
}

showq_decoder::event showq_decoder::take_value(std::string_view text) {
    switch (attribute_) {
    case attribute::queue_name:
        queue_name_ = text;
        break;
    case attribute::queue_id:
        queue_id_ = text;
        break;
    case attribute::sender:
        sender_ = text;
        break;
    case attribute::time:
        return take_number(text, time_);
    case attribute::size:
        return take_number(text, size_);
    case attribute::forced_expire:
        return take_number(text, forced_expire_);
    case attribute::recipient:
        recipient_.address = text;
        has_address_ = true;
        break;
    case attribute::original_recipient:
        recipient_.original_address = text;
        break;
    case attribute::log_class:
        recipient_.log_class = text;
        break;
    case attribute::reason:
        recipient_.reason = text;
        has_address_ = false;
        reported_ = true;
        return event::recipient;
    case attribute::unknown:
        break;
    }
    return event::need_more;
}

showq_decoder::event showq_decoder::take_end() {
    if (state_ == state::between) {
        state_ = state::done;
        return event::end_of_list;
    }
    if (has_address_)
        return fail("missing attribute reason");
    if (state_ == state::recipients) {
        state_ = state::between;
        return event::end_of_message;
    }
    const auto result = begin_message();
    ends_ = result == event::message;
    return result;
}

showq_decoder::event showq_decoder::begin_message() {
    for (std::size_t i = 0; i < needed; ++i)
        if ((seen_ & bit(i)) == 0)
            return fail(fmt::format("missing attribute {}", attribute_names[i]));
    auto id = queue_id::parse(queue_id_);
    if (!id)
        return fail(fmt::format("bad queue ID {}", quote_for_log(queue_id_)));
    message_.emplace(
        queued_message{queue_name_, *std::move(id), time_, size_, forced_expire_ != 0, sender_});
    state_ = state::recipients;
    return event::message;
}

showq_decoder::event showq_decoder::take_number(std::string_view text, std::int64_t& number) {
    const auto value = parse_number<std::uint64_t>(text); // -1 is sent as 18446744073709551615
    if (!value)
        return fail(fmt::format("malformed number {}", quote_for_log(text)));
    number = static_cast<std::int64_t>(*value);
    return event::need_more;
}

showq_decoder::event showq_decoder::fail(std::string reason) {
    state_ = state::failed;
    reason_ = std::move(reason);
    return event::malformed;
}

} // namespace postfix_proto
