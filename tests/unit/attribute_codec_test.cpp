#include "catch.hpp"

#include "postfix_proto/attribute_decoder.hpp"
#include "postfix_proto/attribute_encoder.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
using postfix_proto::attribute_decoder;
using postfix_proto::attribute_encoder;

namespace {

/// What the decoder reports for `pieces`, one letter and the text per event.
std::vector<std::string> events(attribute_decoder& decoder, std::vector<std::string> pieces) {
    std::vector<std::string> seen;
    for (const auto& piece : pieces) {
        std::string_view input = piece;
        while (true) {
            const auto event = decoder.next(input);
            if (const auto* name = std::get_if<attribute_decoder::name>(&event))
                seen.push_back("name " + std::string(name->text));
            else if (const auto* value = std::get_if<attribute_decoder::value>(&event))
                seen.push_back("value " + std::string(value->text));
            else if (std::holds_alternative<attribute_decoder::end_of_list>(event))
                seen.emplace_back("end");
            else if (std::holds_alternative<attribute_decoder::too_long>(event)) {
                seen.emplace_back("too long");
                return seen;
            } else
                break;
        }
    }
    return seen;
}

} // namespace

TEST_CASE("attribute_encoder writes the bytes that Postfix writes") {
    attribute_encoder encoder;
    CHECK(encoder.finish() == "\0"s);
    CHECK(encoder.add("status", 0).finish() == "status\0000\0\0"s);
    CHECK(encoder.add("status", -1).finish() == "status\0004294967295\0\0"s);
    CHECK(encoder.add("a", "").add("b", "x y").finish() == "a\0\0b\0x y\0\0"s);
}

TEST_CASE("attribute_encoder lets no value forge an attribute") {
    CHECK(attribute_encoder().add("site", "x\0queue_id\0Y"s).finish() == "site\0x\0\0"s);
}

TEST_CASE("attribute_decoder reports the same events wherever the bytes are split") {
    const auto bytes = "request\0add\0site\0\0\0request\0purge\0\0"s;
    const std::vector<std::string> expected = {"name request", "value add", "name site",
                                               "value ",       "end",       "name request",
                                               "value purge",  "end"};
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        CAPTURE(split);
        attribute_decoder decoder;
        CHECK(events(decoder, {bytes.substr(0, split), bytes.substr(split)}) == expected);
    }
    std::vector<std::string> single_bytes;
    for (const char c : bytes)
        single_bytes.emplace_back(1, c);
    attribute_decoder decoder;
    CHECK(events(decoder, single_bytes) == expected);
}

TEST_CASE("attribute_decoder bounds a string exactly") {
    attribute_decoder fits(4);
    CHECK(events(fits, {"abcd\0"s}) == std::vector<std::string>{"name abcd"});
    attribute_decoder too_long(4);
    CHECK(events(too_long, {"abcd", "e"}) == std::vector<std::string>{"too long"});
}
