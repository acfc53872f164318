#include "catch.hpp"

#include "attribute_events.hpp"
#include "postfix_proto/attribute_decoder.hpp"
#include "postfix_proto/attribute_encoder.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
using postfix_proto::attribute_decoder;
using postfix_proto::attribute_encoder;
using postfix_proto::attribute_form;

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

TEST_CASE("attribute_encoder writes all that Postfix writes, in each form") {
    struct row {
        attribute_form form;
        std::string bytes;
    };
    const auto row = GENERATE(values<struct row>({
        {attribute_form::nul, "number\0004711\0negative\0004294967295\0long\0"
                              "18446744073709551615\0data\0AAH/\0{\0a\0001\0b\0\0}\0\0"s},
        {attribute_form::plain, "number=4711\nnegative=4294967295\nlong=18446744073709551615\n"
                                "data=AAH/\n{\na=1\nb=\n}\n\n"},
        {attribute_form::base64, "bnVtYmVy:NDcxMQ==\nbmVnYXRpdmU=:NDI5NDk2NzI5NQ==\n"
                                 "bG9uZw==:MTg0NDY3NDQwNzM3MDk1NTE2MTU=\nZGF0YQ==:AAH/\n"
                                 "ew==\nYQ==:MQ==\nYg==:\nfQ==\n\n"},
    }));
    attribute_encoder encoder(row.form);
    const std::int64_t minus_one = -1;
    CHECK(encoder.add("number", 4711)
              .add("negative", -1)
              .add("long", minus_one)
              .add_data("data", "\0\1\xff"s)
              .open()
              .add("a", "1")
              .add("b", "")
              .close()
              .finish() == row.bytes);
    CHECK(encoder.finish() == (row.form == attribute_form::nul ? "\0"s : "\n"s));
    // Without an end there is nothing that tells one list from two.
    CHECK(encoder.add("a", "").take() + encoder.add("b", "").finish() ==
          encoder.add("a", "").add("b", "").finish());
}

TEST_CASE("attribute_encoder lets no name and no value forge an attribute in any form") {
    struct row {
        attribute_form form;
        std::string name, value, told;
    };
    const auto row = GENERATE(values<struct row>({
        {attribute_form::nul, "a\0b"s, "c", "a=c ; "},
        {attribute_form::nul, "a", "b\nc=d", "a=b\nc=d ; "},
        {attribute_form::nul, "", "b", "; "},
        {attribute_form::nul, "\0a"s, "b", "; "},
        {attribute_form::plain, "a", "b\nc=d", "a=b ; "},
        {attribute_form::plain, "a", "b\n", "a=b ; "},
        {attribute_form::plain, "a", "\n\n", "a= ; "},
        {attribute_form::plain, "a", "b\0c"s, "a=b ; "},
        {attribute_form::plain, "a=b", "c", "a=c ; "},
        {attribute_form::plain, "a\nb", "c", "a=c ; "},
        {attribute_form::plain, "\na", "b", "; "},
        {attribute_form::plain, "", "b", "; "},
        {attribute_form::plain, "a", "b=c", "a=b=c ; "},
        {attribute_form::base64, "a:b\n", "c=\n:d", "a:b\n=c=\n:d ; "},
        {attribute_form::base64, "a\0b"s, "c\0d"s, "a=c ; "},
        {attribute_form::base64, "", "b", "; "},
    }));
    CAPTURE(row.name, row.value, static_cast<int>(row.form));
    attribute_decoder decoder(100, row.form);
    CHECK(tell(decoder, {attribute_encoder(row.form).add(row.name, row.value).finish()}) ==
          row.told);
}

TEST_CASE("attribute_encoder lets no name end a nested list") {
    CHECK(attribute_encoder().open().add("}", "x").add("a", "b").close().finish() ==
          "{\0a\0b\0}\0\0"s);
    CHECK(attribute_encoder().add("}", "x").finish() == "}\0x\0\0"s);
    CHECK(attribute_encoder(attribute_form::plain).open().add("}", "x").close().finish() ==
          "{\n}=x\n}\n\n");
}

TEST_CASE("attribute_decoder takes the line forms apart wherever the bytes are split") {
    struct row {
        attribute_form form;
        std::string bytes, told;
    };
    const auto row = GENERATE(values<struct row>({
        {attribute_form::plain, "request=x\nsender=\nb=c=d\n\n", "request=x sender= b=c=d ; "},
        {attribute_form::plain, "{\na=1\n}\n\na=b\n\n", "{ a=1 } ; a=b ; "},
        {attribute_form::plain, "{=}\nno value\n\n", "{=} no value ; "},
        {attribute_form::plain, "=\n=a\n\n", "= =a ; "},
        {attribute_form::plain, "a=b\r\n\r\n\n", "a=b\r \r ; "},
        {attribute_form::plain, "a=b\0c\n{\0\n\n"s, "a=b\0c {\0 ; "s},
        {attribute_form::plain, "a=b\nc", "a=b "},
        {attribute_form::plain, "a=b\nc=", "a=b c="},
        {attribute_form::base64, "YQ==:MQ==\nYg==:\n\n", "a=1 b= ; "},
        {attribute_form::base64, "ew==\nYQ==:AAE=\nfQ==\n\n", "{ a=\0\1 } ; "s},
        {attribute_form::base64, ":MQ==\n\n", "=1 ; "},
        {attribute_form::base64, "YQ==:MQ==:Mg==\n\n", "a=malformed"},
        {attribute_form::base64, "YQ==:MQ=\n\n", "a=malformed"},
        {attribute_form::base64, "YQ==:M Q=\n\n", "a=malformed"},
        {attribute_form::base64, "YQ==:=Q==\n\n", "a=malformed"},
        {attribute_form::base64, "YQ==:M===\n\n", "a=malformed"},
        {attribute_form::base64, "YQ==:M_-=\n\n", "a=malformed"},
        // As Postfix's decoder: a padding ends it, and what bits are left over is not looked at.
        {attribute_form::base64, "YQ==:MQ=x\nYR==:MQ==MQ==\n\n", "a=1 a=1 ; "},
        {attribute_form::base64, "YQ=:MQ==\n\n", "malformed"},
        {attribute_form::base64, "a\n\n", "malformed"},
        {attribute_form::base64, "YQ==\0:MQ==\n\n"s, "malformed"},
    }));
    CAPTURE(row.bytes);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
        attribute_decoder decoder(100, row.form);
        REQUIRE(tell(decoder, {row.bytes.substr(0, split), row.bytes.substr(split)}) == row.told);
    }
}

TEST_CASE("attribute_decoder bounds a string exactly in the line forms, as it travels") {
    for (const auto form : {attribute_form::plain, attribute_form::base64}) {
        attribute_decoder fits(4, form);
        CHECK(tell(fits, {"YWJj\nYWJj", form == attribute_form::plain ? "=YWJj\n" : ":YWJj\n"}) ==
              (form == attribute_form::plain ? "YWJj YWJj=YWJj " : "abc abc=abc "));
        attribute_decoder long_name(4, form);
        CHECK(tell(long_name, {"YWJj", "Y"}) == "too long");
        attribute_decoder long_value(4, form);
        CHECK(tell(long_value, {"YQ==:YWJjY"}) ==
              (form == attribute_form::plain ? "YQ=" + "too long"s : "a=too long"));
    }
}

TEST_CASE("attribute_decoder passes over a value of any length and content") {
    struct row {
        attribute_form form;
        std::string bytes;
    };
    const auto row = GENERATE(values<struct row>({
        {attribute_form::nul, "a\0"s + std::string(100, 'x') + "\0b\0c\0\0"s},
        {attribute_form::nul, "a\0\0b\0c\0\0"s},
        {attribute_form::plain, "a=" + std::string(100, '=') + "\nb=c\n\n"},
        {attribute_form::plain, "a=\nb=c\n\n"},
        {attribute_form::base64, "YQ==:" + std::string(101, ':') + "\nYg==:Yw==\n\n"},
    }));
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
        CAPTURE(row.bytes, split);
        attribute_decoder decoder(10, row.form);
        std::string told;
        for (auto input : {std::string_view(row.bytes).substr(0, split),
                           std::string_view(row.bytes).substr(split)})
            for (bool more = true; more;) {
                const auto event = decoder.next(input);
                more = !std::holds_alternative<attribute_decoder::need_more>(event);
                if (const auto* name = std::get_if<attribute_decoder::name>(&event)) {
                    told += name->text;
                    if (name->text == "a")
                        decoder.skip_value();
                } else if (const auto* value = std::get_if<attribute_decoder::value>(&event)) {
                    told += "=" + std::string(value->text);
                } else if (more) {
                    REQUIRE(std::holds_alternative<attribute_decoder::end_of_list>(event));
                    told += ";";
                }
            }
        REQUIRE(told == "ab=c;");
    }
}
