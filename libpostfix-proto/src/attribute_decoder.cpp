#include "postfix_proto/attribute_decoder.hpp"

namespace postfix_proto {

attribute_decoder::event attribute_decoder::next(std::string_view& input) {
    if (complete_) {
        string_.clear();
        complete_ = false;
    }
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

} // namespace postfix_proto
