#include "postfix_proto/attribute_decoder.hpp"

#include "attributes/base64.hpp"

namespace postfix_proto {

attribute_decoder::event attribute_decoder::next(std::string_view& input) {
    if (complete_) {
        string_.clear();
        complete_ = false;
    }
    if (!is_simple_) [[unlikely]]
        return next_in_any_form(input);
    const auto terminator = input.find('\0');
    const auto piece = input.substr(0, terminator);
    if (string_.size() + piece.size() > string_limit_)
        return too_long{};
    string_ += piece;
    if (terminator == std::string_view::npos) {
        input = {};
        return need_more{};
    }
    input.remove_prefix(terminator + 1);
    complete_ = true;
    if (expect_value_) {
        expect_value_ = false;
        return value{string_};
    }
    if (string_.empty())
        return end_of_list{};
    expect_value_ = true;
    return name{string_};
}

void attribute_decoder::skip_value() noexcept {
    if (!expect_value_)
        return;
    skip_ = true;
    is_simple_ = false;
}

attribute_decoder::event attribute_decoder::next_in_any_form(std::string_view& input) {
    using namespace std::string_view_literals;
    const auto end_of_value = form_ == attribute_form::nul ? "\0"sv : "\n"sv;
    if (skip_) {
        const auto end = input.find(end_of_value);
        input = end == std::string_view::npos ? ""sv : input.substr(end + 1);
        if (end == std::string_view::npos)
            return need_more{};
        skip_ = expect_value_ = false;
        is_simple_ = form_ == attribute_form::nul;
        return next(input);
    }
    const auto end_of_name = form_ == attribute_form::plain ? "=\n"sv : ":\n"sv;
    const auto end = input.find_first_of(expect_value_ ? end_of_value : end_of_name);
    const auto piece = input.substr(0, end);
    if (string_.size() + piece.size() > string_limit_)
        return too_long{};
    string_ += piece;
    if (end == std::string_view::npos) {
        input = {};
        return need_more{};
    }
    const bool ends_line = input[end] == '\n';
    input.remove_prefix(end + 1);
    complete_ = true;
    const bool is_value = expect_value_;
    expect_value_ = !ends_line;
    if (!is_value && ends_line && string_.empty())
        return end_of_list{};
    if (form_ == attribute_form::base64) {
        auto decoded = decode_base64(string_);
        if (!decoded)
            return malformed{};
        string_ = *std::move(decoded);
    }
    if (is_value)
        return value{string_};
    return name{string_, !ends_line};
}

} // namespace postfix_proto
