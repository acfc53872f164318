#include "catch.hpp"

#include "fixture_file.hpp"
#include "postfix_proto/attribute_encoder.hpp"
#include "postfix_proto/attribute_scanner.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

using namespace postfix_proto;
using namespace std::string_literals;
using progress = attribute_scanner::progress;

namespace {

/// One of each kind.
struct targets {
    std::string text = "-", data = "-";
    std::int32_t number = -7;
    std::int64_t long_number = -7;
    wanted_attribute::map entries;

    [[nodiscard]] std::string told() const {
        auto result = fmt::format("{} {} {} {}", text, number, long_number, data);
        for (const auto& [name, value] : entries)
            result += fmt::format(" {}:{}", name, value);
        return result;
    }
};

/// Feeds it in two pieces, and leaves in `rest` what was not taken.
progress feed(attribute_scanner& scanner, attribute_form form, std::string_view bytes,
              std::size_t split, std::string& rest) {
    attribute_decoder decoder(100, form);
    auto first = bytes.substr(0, split);
    auto result = scanner.feed(decoder, first);
    auto second = bytes.substr(split);
    if (result == progress::need_more)
        result = scanner.feed(decoder, second);
    rest = std::string(first) + std::string(second);
    return result;
}

std::string outcome(progress result, const attribute_scanner& scanner) {
    if (result == progress::need_more)
        return "...";
    return (result == progress::complete ? std::to_string(scanner.count()) : "malformed") +
           (scanner.reason().empty() ? "" : ": " + scanner.reason());
}

} // namespace

TEST_CASE("an attribute_scanner reads what attribute_encoder writes, of every type and form") {
    const auto form = GENERATE(attribute_form::nul, attribute_form::base64, attribute_form::plain);
    const std::int64_t long_number = GENERATE(0, -1, 1LL << 40, INT64_MIN);
    const std::int32_t number = GENERATE(0, -1, INT32_MIN);
    const auto data = GENERATE(as<std::string>(), "", "a", "\0\n=}"s, "\xff\xfe\xfd\xfc\xfb");
    attribute_encoder encoder(form);
    const auto bytes = encoder.add("protocol", "x")
                           .add("number", number)
                           .add("long", long_number)
                           .add("text", "ü=}")
                           .add_data("data", data)
                           .open()
                           .add("a", "1")
                           .add("{", "")
                           .close()
                           .add("number", 3)
                           .finish();
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        targets got;
        std::int32_t second = 0;
        attribute_scanner scanner({wanted_attribute::equal("protocol", "x"),
                                   {"number", got.number},
                                   {"long", got.long_number},
                                   {"text", got.text},
                                   wanted_attribute::data("data", got.data),
                                   wanted_attribute::entries(got.entries),
                                   {"number", second}},
                                  scan_strictly);
        std::string rest;
        const auto result = feed(scanner, form, bytes + "rest", split, rest);
        REQUIRE(outcome(result, scanner) == "7");
        REQUIRE(rest == "rest");
        REQUIRE(got.number == number);
        REQUIRE(got.long_number == long_number);
        REQUIRE(got.text == "ü=}");
        REQUIRE(got.data == data);
        REQUIRE(got.entries == wanted_attribute::map{{"a", "1"}, {"{", ""}});
        REQUIRE(second == 3);
    }
}

TEST_CASE("an attribute_scanner is as strict as its flags, at every split") {
    struct row {
        std::string bytes; // in the plain form
        std::string lenient, strict;
    };
    // Wanted: text, then number.
    const auto row = GENERATE(values<struct row>({
        {"text=a\nnumber=1\n\n", "2", "2"},
        {"", "...", "..."},
        {"text=a\nnumber=1\n", "...", "..."},
        {"\n", "0", "malformed: missing attribute text"},
        {"text=a\n\n", "1", "malformed: missing attribute number"},
        {"number=1\ntext=a\n\n", "1",
         "malformed: unexpected attribute \"number\" (expecting text)"},
        {"x=y\ntext=a\nnumber=1\n\n", "2",
         "malformed: unexpected attribute \"x\" (expecting text)"},
        {"text=a\ntext=b\nnumber=1\n\n", "2",
         "malformed: unexpected attribute \"text\" (expecting number)"},
        {"text=a\nx\nnumber=1\n\n", "2",
         "malformed: unexpected attribute \"x\" (expecting number)"},
        {"text=a\n{\nx=y\n}\nnumber=1\n\n", "2",
         "malformed: unexpected attribute \"{\" (expecting number)"},
        // Postfix acts on it, but has lost the place in the stream.
        {"text=a\nnumber=1\nnumber=2\n\n", "2",
         "2: unexpected attribute \"number\" (expecting the end of the list)"},
        {"Text=a\nnumber=1\n\n", "0", "malformed: unexpected attribute \"Text\" (expecting text)"},
        {"text\nnumber=1\n\n", "malformed: missing value for attribute \"text\"",
         "malformed: missing value for attribute \"text\""},
        {"text=a\nnumber\n\n", "malformed: missing value for attribute \"number\"",
         "malformed: missing value for attribute \"number\""},
        {"text=a\nnumber=\n\n", "malformed: malformed number \"\" in attribute number",
         "malformed: malformed number \"\" in attribute number"},
        {"text=" + std::string(101, 'x') + "\n", "malformed: over-long attribute",
         "malformed: over-long attribute"},
        {"x=" + std::string(500, 'x') + "\ntext=a\nnumber=1\n\n", "2",
         "malformed: unexpected attribute \"x\" (expecting text)"},
    }));
    CAPTURE(row.bytes);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
        targets got;
        std::string rest;
        attribute_scanner lenient({{"text", got.text}, {"number", got.number}});
        REQUIRE(outcome(feed(lenient, attribute_form::plain, row.bytes, split, rest), lenient) ==
                row.lenient);
        attribute_scanner strict({{"text", got.text}, {"number", got.number}}, scan_strictly);
        REQUIRE(outcome(feed(strict, attribute_form::plain, row.bytes, split, rest), strict) ==
                row.strict);
    }
}

TEST_CASE("an attribute_scanner takes numbers as Postfix sends them, and no others") {
    struct row {
        std::string text;
        bool fits_int, fits_long;
        std::int32_t as_int = 0;
        std::int64_t as_long = 0;
    };
    const auto row = GENERATE(values<struct row>({
        {"0", true, true, 0, 0},
        {"2147483648", true, true, INT32_MIN, 2147483648},
        {"4294967295", true, true, -1, 4294967295},
        {"4294967296", false, true, 0, 4294967296},
        {"18446744073709551615", false, true, 0, -1},
        {"18446744073709551616", false, false},
        {"007", true, true, 7, 7},
        {"-1", false, false},
        {"+1", false, false},
        {" 1", false, false},
        {"1 ", false, false},
        {"0x1", false, false},
        {"1e3", false, false},
        {"", false, false},
    }));
    CAPTURE(row.text);
    const auto bytes = attribute_encoder().add("n", row.text).finish();
    targets got;
    std::string rest;
    attribute_scanner as_int({{"n", got.number}}, scan_strictly);
    CHECK((feed(as_int, attribute_form::nul, bytes, 0, rest) == progress::complete) ==
          row.fits_int);
    CHECK(got.number == (row.fits_int ? row.as_int : -7));
    CHECK(as_int.count() == (row.fits_int ? 1 : 0));
    attribute_scanner as_long({{"n", got.long_number}}, scan_strictly);
    CHECK((feed(as_long, attribute_form::nul, bytes, 0, rest) == progress::complete) ==
          row.fits_long);
    CHECK(got.long_number == (row.fits_long ? row.as_long : -7));
}

TEST_CASE("an attribute_scanner reads a map, nested or up to the end, at every split") {
    struct row {
        std::string bytes; // in the plain form
        std::string lenient, strict, entries;
    };
    const auto row = GENERATE(values<struct row>({
        {"{\na=1\nb=2\n}\n\n", "2", "2", " a:1 b:2"},
        {"{\n}\n\n", "0", "0", ""},
        {"\n", "0", "0", ""},
        {"a=1\nb=2\n\n", "2", "2", " a:1 b:2"},
        {"a=1\n}=2\n{=3\n\n", "3", "3", " a:1 {:3 }:2"},
        {"a=1\n{\nb=2\n}\n\n", "2", "2", " a:1 b:2"},
        {"{\n{=1\n}\n\n", "1", "1", " {:1"},
        // As Postfix 3.5 to 3.10 writes it.
        {"{\0\na=1\n}\0\n\n"s, "1", "1", " a:1"},
        {"{\na=1\na=2\n}\n\n", "2", "malformed: duplicate attribute \"a\"", " a:1"},
        {"{\na=1\n\n", "1", "malformed: missing end of a nested list", " a:1"},
        {"{\na\n}\n\n", "malformed: missing value for attribute \"a\"",
         "malformed: missing value for attribute \"a\"", ""},
        {"}\n\n", "malformed: missing value for attribute \"}\"",
         "malformed: missing value for attribute \"}\"", ""},
        {"{\n{\n}\n}\n\n", "malformed: missing value for attribute \"{\"",
         "malformed: missing value for attribute \"{\"", ""},
    }));
    CAPTURE(row.bytes);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split)
        for (const bool is_strict : {false, true}) {
            targets got;
            std::string rest;
            attribute_scanner scanner({wanted_attribute::entries(got.entries)},
                                      is_strict ? scan_strictly : scan_flags{});
            REQUIRE(outcome(feed(scanner, attribute_form::plain, row.bytes, split, rest),
                            scanner) == (is_strict ? row.strict : row.lenient));
            REQUIRE(got.told() == "- -7 -7 -" + row.entries);
        }
}

TEST_CASE("in the NUL form only who wants a map sees one") {
    const auto bytes = attribute_encoder().open().add("a", "1").close().add("text", "x").finish();
    targets got;
    std::string rest;
    attribute_scanner with_map({wanted_attribute::entries(got.entries), {"text", got.text}},
                               scan_strictly);
    CHECK(outcome(feed(with_map, attribute_form::nul, bytes, 0, rest), with_map) == "2");
    CHECK(got.told() == "x -7 -7 - a:1");
    // Passed over in pairs: `{` a, 1 `}`, and so in step again.
    attribute_scanner without({{"text", got.text}});
    CHECK(outcome(feed(without, attribute_form::nul, bytes, 0, rest), without) == "1");
}

TEST_CASE("a map has so many entries at most") {
    for (const std::size_t size : {1024U, 1025U}) {
        attribute_encoder encoder;
        encoder.open();
        for (std::size_t i = 0; i < size; ++i)
            encoder.add(std::to_string(i), "");
        const auto bytes = encoder.close().finish();
        targets got;
        std::string rest;
        attribute_scanner scanner({wanted_attribute::entries(got.entries)});
        CHECK(outcome(feed(scanner, attribute_form::nul, bytes, 0, rest), scanner) ==
              (size == 1024 ? "1024" : "malformed: more than 1024 attributes"));
        CHECK(got.entries.size() == 1024);
    }
}

TEST_CASE("a value that must be one is no other") {
    struct row {
        attribute_form form;
        std::string bytes, told;
    };
    const auto row = GENERATE(values<struct row>({
        {attribute_form::plain, "protocol=x\n\n", "0"},
        {attribute_form::plain, "protocol=x\0y\n\n"s, "0"},
        {attribute_form::plain, "protocol=\n\n",
         "malformed: unexpected protocol \"\" (expecting x)"},
        {attribute_form::plain, "protocol=xx\n\n",
         "malformed: unexpected protocol \"xx\" (expecting x)"},
        {attribute_form::base64, "cHJvdG9jb2w=:eA==\n\n", "0"},
        {attribute_form::base64, "cHJvdG9jb2w=:eA==:eA==\n\n", "malformed: malformed base64"},
        {attribute_form::base64, "cHJvdG9jb2w:eA==\n\n", "malformed: malformed base64"},
    }));
    std::string rest;
    attribute_scanner scanner({wanted_attribute::equal("protocol", "x")}, scan_strictly);
    CHECK(outcome(feed(scanner, row.form, row.bytes, 0, rest), scanner) == row.told);
}

TEST_CASE("strings end at a NUL byte, data do not") {
    targets got;
    std::string rest;
    attribute_scanner text({{"a", got.text}});
    CHECK(feed(text, attribute_form::base64, "YQ==:eAB5\n\n", 0, rest) == progress::complete);
    CHECK(got.text == "x");
    attribute_scanner data({wanted_attribute::data("a", got.data)});
    CHECK(feed(data, attribute_form::base64, "YQ==:eAB5\n\n", 0, rest) == progress::complete);
    CHECK(got.data == "x\0y"s);
    attribute_scanner bad({wanted_attribute::data("a", got.data)});
    CHECK(outcome(feed(bad, attribute_form::nul, "a\0x\0\0"s, 0, rest), bad) ==
          "malformed: malformed base64 \"x\" in attribute a");
}

TEST_CASE("with `more` a list is read piece by piece") {
    const auto form = GENERATE(attribute_form::nul, attribute_form::base64, attribute_form::plain);
    attribute_encoder encoder(form);
    const auto bytes =
        encoder.add("request", "query").add("skipped", "").add("address", "a@b").finish();
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        attribute_decoder decoder(100, form);
        std::string request, address;
        attribute_scanner first({{"request", request}}, {.missing = true, .more = true});
        attribute_scanner second({{"address", address}}, {.missing = true});
        auto* scanner = &first;
        auto result = progress::need_more;
        for (auto input :
             {std::string_view(bytes).substr(0, split), std::string_view(bytes).substr(split)}) {
            if (scanner == &second && result == progress::complete)
                break;
            result = scanner->feed(decoder, input);
            if (scanner == &second || result == progress::need_more)
                continue;
            REQUIRE(look_for_end(form, input) ==
                    (input.empty() ? list_continuation::need_more : list_continuation::attribute));
            scanner = &second;
            result = scanner->feed(decoder, input);
        }
        REQUIRE(result == progress::complete);
        REQUIRE(scanner == &second);
        REQUIRE(request + address == "querya@b");
    }
    std::string_view end(form == attribute_form::nul ? "\0x" : "\nx", 2);
    CHECK(look_for_end(form, end) == list_continuation::end);
    CHECK(end == "x");
}

TEST_CASE("an attribute_scanner can begin anew") {
    targets got;
    std::string rest;
    attribute_scanner scanner({{"text", got.text}}, scan_strictly);
    CHECK(feed(scanner, attribute_form::plain, "x=y\n\n", 0, rest) == progress::malformed);
    scanner.restart();
    CHECK(scanner.reason().empty());
    CHECK(feed(scanner, attribute_form::plain, "text=y\n\n", 0, rest) == progress::complete);
    CHECK(got.text == "y");
}

TEST_CASE("policy delegation requests of real Postfixes are read at every split") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10");
    const auto bytes = fixture_file("policy-" + version);
    CAPTURE(version);
    const std::size_t attributes = version == "3.10" ? 31 : 29;
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        attribute_decoder decoder(1000, attribute_form::plain);
        std::vector<wanted_attribute::map> requests(1);
        const auto scanner_for_next = [&] {
            return attribute_scanner({wanted_attribute::equal("request", "smtpd_access_policy"),
                                      wanted_attribute::entries(requests.back())},
                                     scan_strictly);
        };
        auto scanner = scanner_for_next();
        for (auto input :
             {std::string_view(bytes).substr(0, split), std::string_view(bytes).substr(split)})
            while (scanner.feed(decoder, input) == progress::complete) {
                REQUIRE(scanner.count() == attributes - 1);
                requests.emplace_back();
                scanner = scanner_for_next();
            }
        REQUIRE(scanner.reason().empty());
        REQUIRE(requests.size() == 4); // the last is still to come
        REQUIRE(requests[0].at("sender") == "jörg@müller.tld");
        REQUIRE(requests[0].at("recipient") == "two words@customer.tld");
        REQUIRE(requests[1].at("recipient") == "a=b@mail.provider.tld");
        REQUIRE(requests[2].at("sender").empty());
        REQUIRE(requests[2].count("mail_version") == (version == "3.10" ? 1 : 0));
    }
}
