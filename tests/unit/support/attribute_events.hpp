// What an attribute_decoder reports, told in one line.
#pragma once

#include "postfix_proto/attribute_decoder.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// `a=1 b= ; ` for a list of two attributes, `{ ` for a line that has only a name.
inline std::string tell(postfix_proto::attribute_decoder& decoder,
                        const std::vector<std::string>& pieces) {
    using namespace postfix_proto;
    std::string told;
    for (const auto& piece : pieces) {
        std::string_view input = piece;
        for (;;) {
            const auto event = decoder.next(input);
            if (std::holds_alternative<attribute_decoder::need_more>(event))
                break;
            if (const auto* name = std::get_if<attribute_decoder::name>(&event))
                told += std::string(name->text) + (name->has_value ? "=" : " ");
            else if (const auto* value = std::get_if<attribute_decoder::value>(&event))
                told += std::string(value->text) + " ";
            else if (std::holds_alternative<attribute_decoder::end_of_list>(event))
                told += "; ";
            else if (std::holds_alternative<attribute_decoder::too_long>(event))
                return told + "too long";
            else
                return told + "malformed";
        }
    }
    return told;
}
