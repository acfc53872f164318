#include "postfix_proto/attribute_scanner.hpp"

#include "attributes/attribute_text.hpp"
#include "attributes/base64.hpp"

#include <fmt/format.h>

#include <type_traits>

namespace postfix_proto {

namespace {

using progress = attribute_scanner::progress;

std::string_view up_to_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

} // namespace

wanted_attribute wanted_attribute::data(std::string_view name, std::string& target) {
    return {name, data_target{&target}};
}

wanted_attribute wanted_attribute::equal(std::string_view name, std::string_view value) {
    return {name, expected_value{value}};
}

wanted_attribute wanted_attribute::entries(map& target) { return {"", &target}; }

const wanted_attribute* attribute_scanner::next_wanted() const {
    return position_ < wanted_.size() ? &wanted_[position_] : nullptr;
}

template <typename Decoder>
progress attribute_scanner::scan(Decoder& from, std::string_view& input) {
    for (;;) {
        if (flags_.more && position_ == wanted_.size())
            return progress::complete;
        const auto event = from.next(input);
        if (std::holds_alternative<attribute_decoder::need_more>(event))
            return progress::need_more;
        auto result = progress::need_more;
        if (const auto* name = std::get_if<attribute_decoder::name>(&event))
            result = take_name(from, *name);
        else if (const auto* value = std::get_if<attribute_decoder::value>(&event))
            result = take_value(value->text, from.form());
        else if (std::holds_alternative<attribute_decoder::end_of_list>(event))
            result = take_end();
        else if (std::holds_alternative<attribute_decoder::malformed>(event))
            result = fail("malformed base64");
        else if (std::holds_alternative<attribute_decoder::too_long>(event))
            result = fail("over-long attribute");
        else if constexpr (std::is_same_v<Decoder, reply_decoder>)
            result =
                fail(describe(std::get<reply_decoder::wrong_protocol>(event), from.protocol()));
        if (result != progress::need_more)
            return result;
    }
}

template progress attribute_scanner::scan(attribute_decoder&, std::string_view&);
template progress attribute_scanner::scan(reply_decoder&, std::string_view&);

template <typename Decoder>
progress attribute_scanner::take_name(Decoder& from, const attribute_decoder::name& name) {
    const auto text = up_to_nul(name.text);
    const auto* wanted = next_wanted();
    const bool is_map =
        wanted != nullptr && std::holds_alternative<wanted_attribute::map*>(wanted->target_);
    if (is_map && (!name.has_value || from.form() == attribute_form::nul) &&
        text == (is_nested_ ? "}" : "{")) {
        from.expect_name();
        if (is_nested_)
            ++position_;
        is_nested_ = !is_nested_;
        return progress::need_more;
    }
    if (is_map || (wanted != nullptr && text == wanted->name_)) {
        if (!name.has_value)
            return fail(fmt::format("missing value for attribute {}", quote_for_log(text)));
        if (is_map)
            entry_name_ = text;
        return progress::need_more;
    }
    if (!flags_.extra) {
        if (name.has_value)
            from.skip_value();
        return progress::need_more;
    }
    if (wanted != nullptr)
        return fail(fmt::format("unexpected attribute {} (expecting {})", quote_for_log(text),
                                wanted->name_));
    reason_ =
        fmt::format("unexpected attribute {} (expecting the end of the list)", quote_for_log(text));
    return progress::complete;
}

progress attribute_scanner::take_value(std::string_view text, attribute_form form) {
    const auto* wanted = next_wanted();
    if (wanted == nullptr) // of a name that another scanner has seen, which left its value
        return fail(fmt::format("unexpected value {}", quote_for_log(text)));
    return store(*wanted, text, form);
}

progress attribute_scanner::store(const wanted_attribute& wanted, std::string_view text,
                                  attribute_form form) {
    if (auto* const* entries = std::get_if<wanted_attribute::map*>(&wanted.target_))
        return add_entry(**entries, up_to_nul(text));
    ++position_;
    if (const auto* expected = std::get_if<wanted_attribute::expected_value>(&wanted.target_)) {
        if (up_to_nul(text) != expected->text)
            return fail(fmt::format("unexpected {} {} (expecting {})", wanted.name_,
                                    quote_for_log(text), expected->text));
        return progress::need_more;
    }
    if (auto* const* number = std::get_if<std::int32_t*>(&wanted.target_))
        return store_number(wanted, **number, up_to_nul(text));
    if (auto* const* number = std::get_if<std::int64_t*>(&wanted.target_))
        return store_number(wanted, **number, up_to_nul(text));
    if (const auto* data = std::get_if<wanted_attribute::data_target>(&wanted.target_)) {
        if (form == attribute_form::base64) { // has been decoded
            *data->bytes = text;
        } else {
            auto bytes = decode_base64(text);
            if (!bytes)
                return fail(fmt::format("malformed base64 {} in attribute {}", quote_for_log(text),
                                        wanted.name_));
            *data->bytes = *std::move(bytes);
        }
    } else {
        *std::get<std::string*>(wanted.target_) = up_to_nul(text);
    }
    ++count_;
    return progress::need_more;
}

progress attribute_scanner::add_entry(wanted_attribute::map& entries, std::string_view text) {
    if (entries.find(entry_name_) != entries.end()) {
        if (flags_.extra)
            return fail(fmt::format("duplicate attribute {}", quote_for_log(entry_name_)));
    } else if (entries.size() >= wanted_attribute::map_limit) {
        return fail(fmt::format("more than {} attributes", wanted_attribute::map_limit));
    } else {
        entries.emplace(entry_name_, text);
    }
    ++count_;
    return progress::need_more;
}

template <typename Integer>
progress attribute_scanner::store_number(const wanted_attribute& wanted, Integer& target,
                                         std::string_view text) {
    const auto number = parse_number<std::make_unsigned_t<Integer>>(text);
    if (!number) {
        return fail(
            fmt::format("malformed number {} in attribute {}", quote_for_log(text), wanted.name_));
    }
    target = static_cast<Integer>(*number);
    ++count_;
    return progress::need_more;
}

progress attribute_scanner::take_end() {
    const auto* wanted = next_wanted();
    const bool is_map =
        wanted != nullptr && std::holds_alternative<wanted_attribute::map*>(wanted->target_);
    if (wanted == nullptr || (is_map && !is_nested_) || !flags_.missing)
        return progress::complete;
    if (is_map)
        return fail("missing end of a nested list");
    return fail(fmt::format("missing attribute {}", wanted->name_));
}

progress attribute_scanner::fail(std::string reason) {
    reason_ = std::move(reason);
    return progress::malformed;
}

void attribute_scanner::restart() {
    position_ = count_ = 0;
    is_nested_ = false;
    reason_.clear();
}

list_continuation look_for_end(attribute_form form, std::string_view& input) {
    if (input.empty())
        return list_continuation::need_more;
    if (input.front() != (form == attribute_form::nul ? '\0' : '\n'))
        return list_continuation::attribute;
    input.remove_prefix(1);
    return list_continuation::end;
}

} // namespace postfix_proto
