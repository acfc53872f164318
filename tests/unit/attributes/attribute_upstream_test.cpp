// What Postfix's own attr_scan() and attr_print() do. The fixtures were made by calling those of
// libpostfix-util.so of 3.5, 3.7 and 3.10, which agreed in every byte.
#include "catch.hpp"

#include "fixture_file.hpp"
#include "postfix_proto/attribute_encoder.hpp"
#include "postfix_proto/attribute_scanner.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <string_view>

using namespace postfix_proto;
using namespace std::string_literals;
using progress = attribute_scanner::progress;

namespace {

attribute_form form_of(std::string_view name) {
    return name == "nul"     ? attribute_form::nul
           : name == "plain" ? attribute_form::plain
                             : attribute_form::base64;
}

std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (; digits.size() >= 2; digits.remove_prefix(2))
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(0, 2)), nullptr, 16));
    return bytes;
}

std::string to_hex(std::string_view bytes) {
    std::string digits;
    for (const char byte : bytes)
        digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return digits;
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

/// As the fixture has it: the count, the values, and how many bytes were left.
std::string scan(attribute_form form, unsigned flags, std::string_view bytes, std::size_t split,
                 progress& result, std::size_t& count) {
    std::int32_t n = -7, z = -7;
    std::int64_t l = -7;
    std::string t, d;
    wanted_attribute::map entries;
    attribute_decoder decoder(1000, form);
    attribute_scanner scanner(
        {{"n", n},
         {"l", l},
         {"t", t},
         wanted_attribute::data("d", d),
         wanted_attribute::entries(entries),
         {"z", z}},
        {.missing = (flags & 1U) != 0, .extra = (flags & 2U) != 0, .more = (flags & 4U) != 0});
    auto first = bytes.substr(0, split);
    auto second = bytes.substr(split);
    result = scanner.feed(decoder, first);
    if (result == progress::need_more)
        result = scanner.feed(decoder, second);
    count = scanner.count();
    std::string list;
    for (const auto& [name, value] : entries)
        list += fmt::format("{}{}:{}", list.empty() ? "" : ",", to_hex(name), to_hex(value));
    return fmt::format("{} {} {} {} {} {} {} {}", count, n, l, or_dash(to_hex(t)),
                       or_dash(to_hex(d)), or_dash(list), z, first.size() + second.size());
}

} // namespace

TEST_CASE("an attribute_scanner finds what attr_scan() finds, with all flags") {
    std::istringstream lines(fixture_file("attr_scan"));
    std::string form, bytes, expected;
    unsigned flags = 0;
    std::size_t rows = 0;
    while (lines >> form >> flags >> bytes && std::getline(lines >> std::ws, expected)) {
        ++rows;
        CAPTURE(form, flags, bytes, expected);
        const auto list = from_hex(bytes);
        const int returned = std::stoi(expected);
        for (std::size_t split = 0; split <= list.size(); split += 1 + list.size() / 10) {
            auto result = progress::need_more;
            std::size_t count = 0;
            const auto found = scan(form_of(form), flags, list, split, result, count);
            switch (result) {
            case progress::complete:
                REQUIRE(found == expected);
                break;
            case progress::need_more: // there it is the end of the input
                REQUIRE(returned == (list.empty() ? 0 : -1));
                break;
            case progress::malformed: // -1, or too few, which is for the caller to see
                if (returned >= 0) {
                    REQUIRE(static_cast<std::size_t>(returned) == count);
                    REQUIRE((flags & 3U) != 0);
                }
                break;
            }
        }
    }
    CHECK(rows == 390);
}

TEST_CASE("an attribute_encoder writes what attr_print() writes") {
    std::istringstream lines(fixture_file("attr_print"));
    std::string form, bytes;
    std::size_t rows = 0;
    while (lines >> form >> bytes) {
        ++rows;
        auto upstream = from_hex(bytes);
        // It writes the NUL after its brace into the plain form, which nobody misses.
        for (std::size_t i = 0; form == "plain" && i < upstream.size(); ++i)
            if (upstream[i] == '\0')
                upstream.erase(i--, 1);
        const std::int64_t minus_one = -1;
        CHECK(attribute_encoder(form_of(form))
                  .add("n", -1)
                  .add("l", minus_one)
                  .add("t", "ü=}")
                  .add_data("d", "\1\2\xff")
                  .open()
                  .add("foo", "bar")
                  .close()
                  .finish() == upstream);
    }
    CHECK(rows == 3);
}
