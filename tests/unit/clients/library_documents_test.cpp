// What libpostfix-proto's documents show, against the library itself.

#include "catch.hpp"

#include "postfix_proto/anvil_protocol.hpp"
#include "postfix_proto/attribute_encoder.hpp"
#include "postfix_proto/flush_request.hpp"
#include "postfix_proto/postlog_sink.hpp"
#include "postfix_proto/proxymap_protocol.hpp"
#include "postfix_proto/showq_decoder.hpp"
#include "postfix_proto/resolve_protocol.hpp"
#include "postfix_proto/verify_protocol.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

using namespace postfix_proto;
using namespace std::string_literals;

namespace {

const std::string library_directory = FLUSHD_TEST_LIBRARY;

std::string contents(const std::string& name) {
    std::ifstream file(library_directory + "/" + name);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The text of the fenced blocks that begin with "```kind name".
std::map<std::string, std::string> blocks(const std::string& document, const std::string& kind) {
    std::map<std::string, std::string> result;
    const std::string text = contents("doc/" + document);
    const std::string fence = "\n```";
    for (auto at = text.find(fence + kind + ' '); at != std::string::npos;
         at = text.find(fence + kind + ' ', at)) {
        const auto name = at + fence.size() + kind.size() + 1;
        const auto body = text.find('\n', name) + 1;
        const auto end = text.find(fence, body - 1);
        REQUIRE(end != std::string::npos);
        result[text.substr(name, body - 1 - name)] = text.substr(body, end + 1 - body);
        at = end + fence.size();
    }
    return result;
}

/// What the lines of an example stand for.
std::string bytes(std::string_view lines) {
    std::string result;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] == '\n')
            continue;
        if (lines[i] == '\\') {
            ++i;
            REQUIRE(i < lines.size());
            REQUIRE((lines[i] == '0' || lines[i] == 'n'));
            result += lines[i] == '0' ? '\0' : '\n';
        } else {
            result += lines[i];
        }
    }
    return result;
}

std::string status_in(attribute_form form) {
    return attribute_encoder(form).add("status", 0).finish();
}

std::string postlog_example() {
    // 2023-11-14 22:13:20 wherever this is run.
    std::tm local{};
    local.tm_year = 123;
    local.tm_mon = 10;
    local.tm_mday = 14;
    local.tm_hour = 22;
    local.tm_min = 13;
    local.tm_sec = 20;
    local.tm_isdst = -1;
    return postlog_record(std::mktime(&local), "mail.example.com", "postfix/flushd", 4711,
                          severity::warning, "hello");
}

} // namespace

TEST_CASE("the bytes in protocols.md are those of the library") {
    const auto id = queue_id::parse("9B01F20A3C");
    REQUIRE(id);
    const std::map<std::string, std::string> expected = {
        {"nul", status_in(attribute_form::nul)},
        {"plain", status_in(attribute_form::plain)},
        {"base64", status_in(attribute_form::base64)},
        {"announcement", flush_announcement()},
        {"flush-add", encode(flush_request(add_request{"example.com", *id}))},
        {"flush-ok", encode(flush_status::ok)},
        {"proxymap-lookup-3.10", encode_proxymap_lookup("hash:/etc/postfix/relay", "example.com",
                                                        proxymap_form::table_flags, 0)},
        {"proxymap-lookup", encode_proxymap_lookup("hash:/etc/postfix/relay", "example.com",
                                                   proxymap_form::instance_flags, 1573204)},
        {"anvil-connect", encode(anvil_request::connect, "smtp", "192.0.2.1")},
        {"verify-query", encode_verify_query("bob@example.com")},
        {"resolve-query", encode_resolve_query("", "bob@example.com")},
        {"trigger", "I\0"s},
        {"postlog", postlog_example()},
        {"policy-reply", attribute_encoder(attribute_form::plain)
                             .add("action", "DEFER_IF_PERMIT not now")
                             .finish()},
    };
    auto shown = blocks("protocols.md", "bytes");
    for (const auto& [name, wanted] : expected) {
        INFO(name);
        REQUIRE(shown.count(name) == 1);
        CHECK(bytes(shown[name]) == wanted);
        shown.erase(name);
    }
    REQUIRE(shown.size() == 1); // what the library only reads
    CHECK(shown.begin()->first == "showq-message");
}

TEST_CASE("the message in protocols.md is one for the library") {
    const auto listing = bytes(blocks("protocols.md", "bytes")["showq-message"]) + '\0';
    std::string_view input = listing;
    showq_decoder decoder;
    REQUIRE(decoder.next(input) == showq_decoder::event::message);
    CHECK(decoder.message().id.str() == "9B01F20A3C");
    CHECK(decoder.message().sender == "alice@example.org");
    REQUIRE(decoder.next(input) == showq_decoder::event::recipient);
    CHECK(decoder.recipient().reason == "connection refused");
    CHECK(decoder.next(input) == showq_decoder::event::end_of_message);
    CHECK(decoder.next(input) == showq_decoder::event::end_of_list);
    CHECK(input.empty());
}

TEST_CASE("the programs in tutorial.md are the examples") {
    const auto shown = blocks("tutorial.md", "cpp");
    CHECK(shown.size() == 3);
    for (const auto& [name, text] : shown) {
        INFO(name);
        CHECK(text == contents("examples/" + name));
    }
}
