#include "catch.hpp"

#include "postfix_proto/reply_decoder.hpp"

#include <string>

using namespace postfix_proto;
using namespace std::string_literals;

namespace {

/// The events, told in one line.
std::string decode(std::string_view first, std::string_view second,
                   attribute_form form = attribute_form::nul) {
    struct tell {
        std::string operator()(const reply_decoder::need_more&) { return ""; }
        std::string operator()(const reply_decoder::name& e) { return std::string(e.text) + "="; }
        std::string operator()(const reply_decoder::value& e) { return std::string(e.text) + " "; }
        std::string operator()(const reply_decoder::end_of_list&) { return "; "; }
        std::string operator()(const reply_decoder::too_long&) { return "too long"; }
        std::string operator()(const reply_decoder::malformed&) { return "malformed"; }
        std::string operator()(const reply_decoder::wrong_protocol& e) {
            return describe(e, "x_protocol");
        }
    };
    std::string told;
    reply_decoder decoder("x_protocol", 50, form);
    for (auto input : {first, second})
        for (;;) {
            const auto event = decoder.next(input);
            told += std::visit(tell{}, event);
            if (std::holds_alternative<reply_decoder::need_more>(event))
                break;
            if (event.index() > 3)
                return told;
        }
    return told;
}

} // namespace

TEST_CASE("an announcement is taken out of what a service says, wherever it is split") {
    struct row {
        std::string bytes, meaning;
    };
    const auto row = GENERATE(values<struct row>({
        {"", ""},
        {"protocol\0x_protocol\0\0status\0000\0\0"s, "status=0 ; "},
        {"status\0000\0\0"s, "status=0 ; "},
        {"protocol\0x_protocol\0\0"s, ""},
        {"protocol\0x_protocol\0\0\0"s, "; "},
        {"\0"s, "; "},
        {"protocol\0x_protocol\0more\0of it\0\0a\0b\0\0"s, "a=b ; "},
        // Only the first attribute of the first list can announce.
        {"a\0b\0protocol\0y\0\0"s, "a=b protocol=y ; "},
        {"\0protocol\0y\0\0"s, "; protocol=y ; "},
        {"protocol\0x_protocol\0\0protocol\0y\0\0"s, "protocol=y ; "},
        {"Protocol\0y\0\0"s, "Protocol=y ; "},
        {"protocol\0y_protocol\0\0a\0b\0\0"s,
         "unexpected protocol \"y_protocol\" (expecting x_protocol)"},
        {"protocol\0\0\0"s, "unexpected protocol \"\" (expecting x_protocol)"},
        {"protocol\0x\x1b[1m\0\0"s, "unexpected protocol \"x?[1m\" (expecting x_protocol)"},
        {"protocol\0"s + std::string(51, 'x'), "too long"},
    }));
    CAPTURE(row.bytes);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
        const std::string_view bytes = row.bytes;
        REQUIRE(decode(bytes.substr(0, split), bytes.substr(split)) == row.meaning);
    }
}

TEST_CASE("an announcement is taken out of what a service says in the plain form") {
    struct row {
        std::string bytes, meaning;
    };
    const auto row = GENERATE(values<struct row>({
        {"protocol=x_protocol\n\nstatus=0\n\n", "status=0 ; "},
        {"status=0\n\n", "status=0 ; "},
        {"protocol=x_protocol\nmore\n\n\n", "; "},
        {"protocol=y\n\n", "unexpected protocol \"y\" (expecting x_protocol)"},
        {"protocol\n\n", "unexpected protocol \"\" (expecting x_protocol)"},
    }));
    CAPTURE(row.bytes);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
        const std::string_view bytes = row.bytes;
        REQUIRE(decode(bytes.substr(0, split), bytes.substr(split), attribute_form::plain) ==
                row.meaning);
    }
}
