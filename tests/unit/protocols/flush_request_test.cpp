#include "catch.hpp"

#include "postfix_proto/flush_request.hpp"

#include <string>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;

namespace {

struct describe_request {
    std::string operator()(const add_request& r) { return "add " + r.site + " " + r.id.str(); }
    std::string operator()(const send_site_request& r) { return "send_site " + r.site; }
    std::string operator()(const send_file_request& r) { return "send_file " + r.id.str(); }
    std::string operator()(const refresh_request&) { return "refresh"; }
    std::string operator()(const purge_request&) { return "purge"; }
};

struct describe {
    std::string operator()(const flush_request& r) { return std::visit(describe_request{}, r); }
    std::string operator()(const flush_request_decoder::malformed&) { return "malformed"; }
    std::string operator()(const flush_request_decoder::unknown& r) { return "unknown " + r.name; }
};

/// What the decoder makes of `pieces`; "..." when it waits for more, and after a bar what the end
/// of the input makes of that.
std::string decode(const std::vector<std::string>& pieces) {
    flush_request_decoder decoder;
    for (const auto& piece : pieces)
        if (const auto result = decoder.feed(piece))
            return std::visit(describe{}, *result);
    return "...|" + std::visit(describe{}, decoder.end_of_input());
}

} // namespace

TEST_CASE("flush requests are what Postfix's clients send") {
    struct row {
        std::string bytes, meaning;
    };
    const auto row = GENERATE(values<struct row>({
        {"request\0add\0site\0a.b\0queue_id\0A1\0\0"s, "add a.b A1"},
        {"request\0add\0site\0\0queue_id\0A1\0\0"s, "add  A1"},
        {"request\0send_site\0site\0a.b\0\0"s, "send_site a.b"},
        {"request\0send_file\0queue_id\0A1\0\0"s, "send_file A1"},
        {"request\0rfrsh\0\0"s, "refresh"},
        {"request\0purge\0\0"s, "purge"},
        // Postfix does not wait for the end of these two lists.
        {"request\0rfrsh\0"s, "refresh"},
        {"request\0purge\0junk"s, "purge"},
        // master(8)'s wakeup.
        {"W\0"s, "refresh"},
        {"W"s, "...|refresh"},
        {"X\0"s, "unknown X"},
        {"\0"s, "unknown "},
        {""s, "...|malformed"},
        {"request\0nonsense\0"s, "unknown nonsense"},
        {"request\0\0"s, "unknown "},
        {"request\0ADD\0site\0a\0queue_id\0A1\0\0"s, "unknown ADD"},
        // Names in the wrong order, missing, extra, repeated.
        {"site\0a.b\0request\0send_site\0\0"s, "malformed"},
        {"request\0add\0queue_id\0A1\0site\0a.b\0\0"s, "malformed"},
        {"request\0add\0site\0a.b\0\0"s, "malformed"},
        {"request\0add\0\0"s, "malformed"},
        {"request\0add\0site\0a.b\0site\0a.b\0queue_id\0A1\0\0"s, "malformed"},
        {"request\0add\0site\0a.b\0extra\0x\0queue_id\0A1\0\0"s, "malformed"},
        {"request\0send_site\0Site\0a.b\0\0"s, "malformed"},
        {"\0\0\0"s, "malformed"},
        // A bad name is rejected before its value is there.
        {"request\0add\0nonsense\0"s, "malformed"},
        // One too many is not even read, when all that is needed is there.
        {"request\0add\0site\0a.b\0queue_id\0A1\0extra\0x\0\0"s, "add a.b A1"},
        {"request\0send_site\0site\0a.b\0queue_id\0A1\0\0"s, "send_site a.b"},
        {"request\0add\0site\0a.b\0queue_id\0A1\0x\0"s, "add a.b A1"},
        {"request\0add\0site\0a.b\0queue_id\0../A\0x\0"s, "malformed"},
        // Bad queue IDs.
        {"request\0add\0site\0a.b\0queue_id\0\0\0"s, "malformed"},
        {"request\0add\0site\0a.b\0queue_id\0../A\0\0"s, "malformed"},
        {"request\0send_file\0queue_id\0A 1\0\0"s, "malformed"},
        {"request\0send_file\0queue_id\0"s + std::string(256, 'A') + "\0\0"s, "malformed"},
        // Cut short.
        {"request\0add\0site\0a.b\0queue_id\0A1\0"s, "...|malformed"},
        {"request\0add\0site\0a.b\0queue_id\0A1"s, "...|malformed"},
        {"request\0add"s, "...|malformed"},
        {"request"s, "...|malformed"},
    }));
    CAPTURE(row.bytes);
    CHECK(decode({row.bytes}) == row.meaning);
}

TEST_CASE("a flush request means the same wherever it is split after its third byte") {
    for (const flush_request& request :
         {flush_request(add_request{"customer.tld", *queue_id::parse("9B01F20A3C")}),
          flush_request(send_site_request{"customer.tld"}),
          flush_request(send_file_request{*queue_id::parse("4Wkq2T3cz1z2Lw")}),
          flush_request(refresh_request{}), flush_request(purge_request{})}) {
        const std::string bytes = encode(request);
        const std::string meaning = std::visit(describe_request{}, request);
        CAPTURE(meaning);
        for (std::size_t split = 3; split <= bytes.size(); ++split) {
            CAPTURE(split);
            CHECK(decode({bytes.substr(0, split), bytes.substr(split)}) == meaning);
        }
        std::vector<std::string> pieces{bytes.substr(0, 3)};
        for (const char c : bytes.substr(3))
            pieces.emplace_back(1, c);
        CHECK(decode(pieces) == meaning);
    }
}

TEST_CASE("kept quirk: a first read of one or two bytes is taken for a trigger") {
    CHECK(decode({"re", "quest\0purge\0\0"s}) == "unknown request");
    CHECK(decode({"W", "\0"s}) == "refresh");
    CHECK(decode({"pu", "rge\0"s}) == "purge");
    CHECK(decode({"a", "dd\0site\0a.b\0queue_id\0A1\0\0"s}) == "add a.b A1");
}

TEST_CASE("flush requests are bounded") {
    CHECK(decode({"request\0send_site\0site\0"s + std::string(100000, 'x')}) == "malformed");
    CHECK(decode({std::string(100000, 'x')}) == "malformed");
    CHECK(decode({"xx", std::string(100000, 'x')}) == "malformed");
}

TEST_CASE("flush statuses are the numbers that Postfix's clients know") {
    CHECK(flush_announcement() == "protocol\0queue_flush_protocol\0\0"s);
    CHECK(encode(flush_status::ok) == "status\0000\0\0"s);
    CHECK(encode(flush_status::fail) == "status\0004294967295\0\0"s);
    CHECK(encode(flush_status::bad) == "status\0003\0\0"s);
    CHECK(encode(flush_status::deny) == "status\0004\0\0"s);
}

TEST_CASE("flush replies are taken from services of either generation, at every split") {
    struct row {
        std::string bytes, meaning;
    };
    const auto row = GENERATE(values<struct row>({
        {"status\0000\0\0"s, "0"},
        {"status\0004294967295\0\0"s, "-1"},
        {"status\0003\0\0"s, "3"},
        {"status\0004\0\0"s, "4"},
        {"status\0004\0later\0addition\0\0"s, "4"},
        {"status\0004\0"s, "..."},
        {"", "..."},
        {"status\0001\0\0"s, "unknown status \"1\""},
        {"status\000-1\0\0"s, "unknown status \"-1\""},
        {"status\000x\0\0"s, "unknown status \"x\""},
        {"status\0\0\0"s, "unknown status \"\""},
        {"status\00099999999999\0\0"s, "unknown status \"99999999999\""},
        {"\0"s, "missing attribute status"},
        {"request\0add\0\0"s, "unexpected attribute \"request\" (expecting status)"},
        {std::string(8193, 'x'), "over-long attribute"},
    }));
    const bool announced = GENERATE(false, true);
    const auto bytes = (announced ? flush_announcement() : ""s) + row.bytes;
    CAPTURE(bytes.substr(0, 200));
    const std::size_t step = bytes.size() > 1000 ? 1000 : 1;
    for (std::size_t split = 0; split <= bytes.size(); split += step) {
        flush_reply_decoder decoder;
        auto reply = decoder.feed(std::string_view(bytes).substr(0, split));
        if (!reply)
            reply = decoder.feed(std::string_view(bytes).substr(split));
        std::string meaning = "...";
        if (reply) {
            const auto* status = std::get_if<flush_status>(&*reply);
            meaning = status != nullptr ? std::to_string(static_cast<int>(*status))
                                        : std::get<flush_reply_decoder::malformed>(*reply).reason;
        }
        REQUIRE(meaning == row.meaning);
    }
}

TEST_CASE("a flush reply of another service is refused by both names") {
    flush_reply_decoder decoder;
    const auto reply = decoder.feed("protocol\0mail_queue_list_protocol\0\0status\0000\0\0"s);
    REQUIRE(reply);
    CHECK(std::get<flush_reply_decoder::malformed>(*reply).reason ==
          "unexpected protocol \"mail_queue_list_protocol\" (expecting queue_flush_protocol)");
}
