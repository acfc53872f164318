// How releases differ, and that the documents say the same.

#include "catch.hpp"

#include "postfix_proto/release_traits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

using namespace postfix_proto;

namespace {

/// Without line ends and the marks of roff and Markdown, which fall where they do.
std::string words_of(const std::string& name) {
    std::ifstream file(std::string(FLUSHD_TEST_SOURCE) + "/" + name);
    REQUIRE(file);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string words;
    for (const char c : text) {
        if (c == '`' || c == '\\')
            continue;
        if (c != '\n' && c != ' ')
            words += c;
        else if (!words.empty() && words.back() != ' ')
            words += ' ';
    }
    return words;
}

std::string release(mail_version version) {
    return fmt::format("{}.{}", version.major, version.minor);
}

} // namespace

TEST_CASE("a release has what came with it and before, and nothing that came later") {
    for (const auto& rule : release_rules) {
        CAPTURE(rule.what);
        CHECK(has_trait(rule.since, rule.trait));
        CHECK(has_trait({rule.since.major, rule.since.minor + 1}, rule.trait));
        CHECK(has_trait({rule.since.major + 1, 0}, rule.trait));
        CHECK_FALSE(has_trait({rule.since.major, rule.since.minor - 1}, rule.trait));
        CHECK_FALSE(has_trait({rule.since.major - 1, 99}, rule.trait));
    }
    CHECK(std::is_sorted(release_rules.begin(), release_rules.end(),
                         [](const auto& a, const auto& b) { return a.since < b.since; }));
}

TEST_CASE("configuration.md and flushd(8) say how a release is judged, as the table has it") {
    for (const auto* name : {"flushd/doc/configuration.md", "flushd/flushd.8"}) {
        const auto words = words_of(name);
        for (const auto& rule : release_rules) {
            CAPTURE(name, rule.what);
            const auto at = words.find(rule.what);
            REQUIRE(at != std::string::npos);
            // The release is in front of it, in the same row.
            const auto before = words.substr(at < 40 ? 0 : at - 40, std::min<std::size_t>(at, 40));
            CHECK(before.find(release(rule.since)) != std::string::npos);
        }
        CHECK(words.find("newest one tested is " + release(newest_tried_release)) !=
              std::string::npos);
    }
}
