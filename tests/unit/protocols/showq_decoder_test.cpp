#include "catch.hpp"

#include "fixture_file.hpp"
#include "postfix_proto/showq_decoder.hpp"

#include <string>

using namespace postfix_proto;
using namespace std::string_literals;
using event = showq_decoder::event;

namespace {

const auto announcement = "protocol\0mail_queue_list_protocol\0\0"s;
const auto head =
    "queue_name\0deferred\0queue_id\0A1\0time\00017\0size\000300\0forced_expire\0000\0sender\0a@b\0"s;
const auto message_text = "deferred A1 17 300 a@b\n"s;

/// What the decoder makes of it, a line for each message and recipient.
std::string decode(std::string_view first, std::string_view second = "") {
    showq_decoder decoder;
    std::string told;
    for (auto input : {first, second})
        for (bool more = true; more;) {
            switch (decoder.next(input)) {
            case event::need_more:
                more = false;
                break;
            case event::message: {
                const auto& m = decoder.message();
                told += m.queue_name + ' ' + m.id.str() + ' ' + std::to_string(m.arrival_time) +
                        ' ' + std::to_string(m.size) + (m.forced_expire ? " # " : " ") + m.sender +
                        '\n';
                break;
            }
            case event::recipient: {
                const auto& r = decoder.recipient();
                told += "  " + r.address + " (" + r.reason + ')' + r.log_class;
                if (!r.original_address.empty())
                    told += " for " + r.original_address;
                told += r.has_bounced() ? "!\n" : "\n";
                break;
            }
            case event::end_of_message:
                told += "-\n";
                break;
            case event::end_of_list:
                CHECK(decoder.next(input) == event::end_of_list);
                return told + "end";
            case event::malformed:
                CHECK(decoder.next(input) == event::malformed);
                return told + decoder.reason();
            }
        }
    return told + "...";
}

} // namespace

TEST_CASE("queue listings of real Postfixes are taken apart at every split") {
    struct row {
        std::string name, meaning;
    };
    // One with a long queue ID, one with four recipients and two reasons, one with a UTF-8 sender,
    // one that is forced to expire, from the empty sender, and one on hold; in directory order.
    const auto row = GENERATE(values<struct row>({
        {"showq_empty-3.5", "end"},
        {"showq_empty-3.7", "end"},
        {"showq_empty-3.10", "end"},
        {"showq_empty-3.11", "end"},
        {"showq-3.5",
         "deferred 4jXWzT5Zx5zMd3d 1795358629 350 someone@sender.tld\n"
         "  long@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "deferred 1C83327C372 1795358625 306 someone@sender.tld\n"
         "  c@other.customer.tld (mailbox of ü is full)\n"
         "  a@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n"
         "  b@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n"
         "  \"two words\"@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection "
         "refused)\n-\n"
         "deferred 1E98327C393 1795358625 338 jörg@müller.tld\n"
         "  user@other.customer.tld (mailbox of ü is full)\n-\n"
         "deferred 1EFFB27C3A4 1795358625 322 # MAILER-DAEMON\n"
         "  d@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "hold 1F42827C3B4 1795358625 330 someone@sender.tld\n"
         "  held@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "end"},
        {"showq-3.7",
         "deferred 4jXWzg5lf9zMdV7 1795358639 350 someone@sender.tld\n"
         "  long@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "deferred 0861727CA66 1795358635 322 # MAILER-DAEMON\n"
         "  d@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "deferred 082B027CA60 1795358635 338 jörg@müller.tld\n"
         "  user@other.customer.tld (mailbox of ü is full)\n-\n"
         "deferred 0789127CA1E 1795358635 306 someone@sender.tld\n"
         "  c@other.customer.tld (mailbox of ü is full)\n"
         "  a@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n"
         "  b@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n"
         "  \"two words\"@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection "
         "refused)\n-\n"
         "hold 08FFB27CA67 1795358635 330 someone@sender.tld\n"
         "  held@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "end"},
        {"showq-3.10",
         "deferred 29F9627CABF 1795358646 306 someone@sender.tld\n"
         "  c@other.customer.tld (mailbox of ü is full)\n"
         "  a@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n"
         "  b@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n"
         "  \"two words\"@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection "
         "refused)\n-\n"
         "deferred 2CDD627CAC0 1795358646 338 jörg@müller.tld\n"
         "  user@other.customer.tld (mailbox of ü is full)\n-\n"
         "deferred 2D31127CAC5 1795358646 322 # MAILER-DAEMON\n"
         "  d@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "deferred 4jXWzt5qVSzMdVJ 1795358650 350 someone@sender.tld\n"
         "  long@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "hold 2D9F827CAC7 1795358646 330 someone@sender.tld\n"
         "  held@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)\n-\n"
         "end"},
        // With a bounce log.
        {"showq-3.11",
         "deferred 1769717E570 1795728074 357 someone@sender.tld\n"
         "  user@customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection refused)defer\n"
         "  gone@other.customer.tld (connect to 127.0.1.1[127.0.1.1]:2525: Connection "
         "refused)bounce!\n-\nend"},
    }));
    CAPTURE(row.name);
    const auto bytes = fixture_file(row.name);
    for (std::size_t split = 0; split <= bytes.size(); ++split)
        REQUIRE(decode(std::string_view(bytes).substr(0, split),
                       std::string_view(bytes).substr(split)) == row.meaning);
}

TEST_CASE("queue listings with more and with less than usual") {
    struct row {
        std::string bytes, meaning;
    };
    const auto row = GENERATE(values<struct row>({
        {"", "..."},
        {"\0"s, "end"},
        {"\0and what follows"s, "end"},
        {head, "..."}, // an attribute of the message may follow
        {head + "\0"s, message_text + "-\n..."},
        {head + "\0\0"s, message_text + "-\nend"},
        {head + "\0"s + head + "\0\0"s, message_text + "-\n" + message_text + "-\nend"},
        {head + "recipient\0c@d\0reason\0\0recipient\0e@f\0reason\0x\0\0\0"s,
         message_text + "  c@d ()\n  e@f (x)\n-\nend"},
        {head + "recipient\0"s, message_text + "..."},
        {head + "recipient\0\0reason\0\0\0\0"s, message_text + "   ()\n-\nend"},
        // Postfix 3.4 has no forced_expire.
        {"queue_name\0active\0queue_id\0A1\0time\0001\0size\0002\0sender\0a@b\0\0\0"s,
         "active A1 1 2 a@b\n-\nend"},
        // It is the message's own.
        {"queue_name\0active\0queue_id\0A1\0time\0001\0size\0002\0forced_expire\0001\0sender\0a\0\0"
         "queue_name\0active\0queue_id\0A2\0time\0001\0size\0002\0sender\0b\0\0\0"s,
         "active A1 1 2 # a\n-\nactive A2 1 2 b\n-\nend"},
        // Since Postfix 3.11, with what the bounce log has.
        {head + "original_recipient\0o@d\0recipient\0c@d\0log_class\0defer\0reason\0x\0"s +
             "original_recipient\0b@d\0recipient\0b@d\0log_class\0bounce\0reason\0y\0"s +
             "original_recipient\0p@d\0recipient\0e@f\0log_class\0\0reason\0\0\0\0"s,
         message_text +
             "  c@d (x)defer for o@d\n  b@d (y)bounce for b@d!\n  e@f () for p@d\n-\nend"},
        // Each recipient has its own.
        {head + "original_recipient\0o@d\0recipient\0c@d\0log_class\0bounce\0reason\0x\0"s +
             "recipient\0e@f\0reason\0y\0\0\0"s,
         message_text + "  c@d (x)bounce for o@d!\n  e@f (y)\n-\nend"},
        // Attributes that nobody knows, in all places.
        {"x\0\0"s + head + "y\0recipient\0\0\0"s, message_text + "-\nend"},
        {head + "x\0y\0recipient\0c@d\0x\0reason\0reason\0z\0x\0y\0\0\0"s,
         message_text + "  c@d (z)\n-\nend"},
        // Numbers.
        {"queue_name\0a\0queue_id\0A1\0time\00018446744073709551615\0size\0009223372036854775807\0"
         "sender\0\0\0\0"s,
         "a A1 -1 9223372036854775807 \n-\nend"},
        {"time\00018446744073709551616\0"s, "malformed number \"18446744073709551616\""},
        {"time\000-1\0"s, "malformed number \"-1\""},
        {"size\000\0"s, "malformed number \"\""},
        {"size\0001x\0"s, "malformed number \"1x\""},
        {"forced_expire\000yes\0"s, "malformed number \"yes\""},
        // What is missing, repeated or out of place.
        {"queue_name\0a\0\0"s, "missing attribute queue_id"},
        {"queue_id\0A1\0time\0001\0size\0002\0sender\0a\0\0"s, "missing attribute queue_name"},
        {"queue_name\0a\0queue_id\0A1\0time\0001\0size\0002\0\0"s, "missing attribute sender"},
        {"queue_name\0a\0queue_id\0A1\0time\0001\0size\0002\0recipient\0c\0"s,
         "missing attribute sender"},
        {"recipient\0c@d\0reason\0\0\0"s, "missing attribute queue_name"},
        {"x\0y\0\0"s, "missing attribute queue_name"},
        {"reason\0\0\0"s, "unexpected attribute reason (expecting recipient)"},
        {head + "size\0001\0"s, "unexpected attribute size"},
        {head + "recipient\0c@d\0sender\0a@b\0"s, message_text + "unexpected attribute sender"},
        {head + "recipient\0c@d\0recipient\0e@f\0"s, message_text + "missing attribute reason"},
        {head + "recipient\0c@d\0\0"s, message_text + "missing attribute reason"},
        {head + "recipient\0c@d\0reason\0\0reason\0\0\0"s,
         message_text + "  c@d ()\nunexpected attribute reason (expecting recipient)"},
        {"queue_name\0a\0queue_id\0../A\0time\0001\0size\0002\0sender\0a\0\0"s,
         "bad queue ID \"../A\""},
    }));
    const bool announced = GENERATE(false, true);
    const auto bytes = (announced ? announcement : ""s) + row.bytes;
    CAPTURE(bytes);
    for (std::size_t split = 0; split <= bytes.size(); ++split)
        REQUIRE(decode(std::string_view(bytes).substr(0, split),
                       std::string_view(bytes).substr(split)) == row.meaning);
}

TEST_CASE("a queue listing of another service is refused by both names") {
    CHECK(decode("protocol\0queue_flush_protocol\0\0\0"s) ==
          "unexpected protocol \"queue_flush_protocol\" (expecting mail_queue_list_protocol)");
    CHECK(decode("status\0003\0\0"s) == "missing attribute queue_name");
}

TEST_CASE("strings in a queue listing are bounded") {
    const auto limit = showq_decoder::string_limit;
    const std::string longest(limit, 'x');
    CHECK(decode(head + "recipient\0c@d\0reason\0"s + longest + "\0\0\0"s) ==
          message_text + "  c@d (" + longest + ")\n-\nend");
    CHECK(decode(head + "recipient\0c@d\0reason\0"s + longest + "x") ==
          message_text + "over-long attribute");
    CHECK(decode(longest + "x") == "over-long attribute");
}
