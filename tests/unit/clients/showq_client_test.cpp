#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "postfix_proto/call_when_done.hpp"
#include "postfix_proto/showq_client.hpp"
#include "temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>

#include <fstream>
#include <functional>
#include <memory>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using reason = service_failure::reason;

namespace {

const auto announcement = "protocol\0mail_queue_list_protocol\0\0"s;
const auto end = "\0"s;

std::string head(const std::string& id) {
    return "queue_name\0deferred\0queue_id\0"s + id +
           "\0time\00017\0size\000300\0forced_expire\0000\0sender\0a@b\0"s;
}

std::string recipient(const std::string& address) {
    return "recipient\0"s + address + "\0reason\0because\0"s;
}

struct fixture {
    temporary_directory dir;
    showq_client_settings settings{dir.file("showq"), 2s};
};

std::vector<std::string> list(blocking_showq_client& queue, bool with_recipients = true) {
    std::vector<std::string> told;
    while (const auto* message = queue.next()) {
        told.push_back(message->id.str());
        while (const auto* r = with_recipients ? queue.next_recipient() : nullptr)
            told.push_back(r->address + " " + r->reason);
    }
    return told;
}

// A sanitizer keeps freed memory for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#elif defined(__has_feature)
constexpr bool is_sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool is_sanitized = false;
#endif

long resident_pages() {
    long all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident;
}

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("a showq client hands out messages and their recipients, of either generation") {
    fixture f;
    const bool announces = GENERATE(true, false);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        client.say(announces ? announcement : "");
        client.say(head("A1") + recipient("c@d") + recipient("e@f") + end);
        std::this_thread::sleep_for(20ms);
        client.say(head("A2") + end + head("A3") + recipient("g@h"));
        std::this_thread::sleep_for(20ms);
        client.say(end + end);
    });
    SECTION("blocking") {
        blocking_showq_client queue(f.settings);
        CHECK(list(queue) ==
              strings{"A1", "c@d because", "e@f because", "A2", "A3", "g@h because"});
        CHECK_FALSE(queue.failure());
        CHECK(queue.next() == nullptr);
        CHECK(queue.next_recipient() == nullptr);
    }
    SECTION("blocking, without the recipients") {
        blocking_showq_client queue(f.settings);
        CHECK(list(queue, false) == strings{"A1", "A2", "A3"});
        CHECK_FALSE(queue.failure());
    }
    SECTION("with callbacks") {
        asio::io_context context(1);
        showq_client queue(context, f.settings);
        strings told;
        // Each asks for what comes next, and so holds what it is called with for no longer.
        std::function<void(const queued_recipient*)> take_recipient;
        std::function<void(const queued_message*)> take_message = [&](const queued_message* m) {
            if (m == nullptr)
                return;
            told.push_back(m->id.str());
            call_when_done(context, queue.next_recipient(), take_recipient);
        };
        int depth = 0;
        take_recipient = [&](const queued_recipient* r) {
            CHECK(++depth == 1); // also when the next one is there already
            const auto leave = std::shared_ptr<void>(nullptr, [&](void*) { --depth; });
            if (r == nullptr) {
                call_when_done(context, queue.next(), take_message);
                return;
            }
            told.push_back(r->address);
            call_when_done(context, queue.next_recipient(), take_recipient);
        };
        call_when_done(context, queue.next(), take_message);
        context.run();
        CHECK(told == strings{"A1", "c@d", "e@f", "A2", "A3", "g@h"});
        CHECK_FALSE(queue.failure());
    }
    SECTION("among other things") {
        asio::io_context context(1);
        strings told;
        asio::co_spawn(
            context,
            [&]() -> asio::awaitable<void> {
                showq_client queue(context, f.settings);
                while (const auto* message = co_await queue.next()) {
                    told.push_back(message->id.str());
                    const auto* first = co_await queue.next_recipient();
                    if (first != nullptr) // and leaves the others
                        told.push_back(first->address);
                }
                CHECK_FALSE(queue.failure());
                const auto* more = co_await queue.next_recipient();
                CHECK(more == nullptr);
            },
            [](const std::exception_ptr& failure) { REQUIRE_FALSE(failure); });
        context.run();
        CHECK(told == strings{"A1", "c@d", "A2", "A3", "g@h"});
    }
}

TEST_CASE("a showq client tells why a list is not complete") {
    fixture f;
    struct row {
        std::string bytes;
        strings told;
        reason why;
        std::string text;
    };
    const auto row = GENERATE_COPY(values<struct row>({
        {"", {}, reason::closed, "unexpected end of input from "},
        {announcement, {}, reason::closed, "unexpected end of input from "},
        {announcement + head("A1") + recipient("c@d"),
         {"A1", "c@d because"},
         reason::closed,
         "unexpected end of input from "},
        {announcement + head("A1") + recipient("c@d") + end,
         {"A1", "c@d because"},
         reason::closed,
         "unexpected end of input from "},
        {announcement + head("A1") + end + head("../A2") + end,
         {"A1"},
         reason::malformed,
         ": bad queue ID \"../A2\""},
        {"protocol\0queue_flush_protocol\0\0"s,
         {},
         reason::malformed,
         ": unexpected protocol \"queue_flush_protocol\" (expecting mail_queue_list_protocol)"},
    }));
    CAPTURE(row.bytes);
    const fake_service service(f.settings.path,
                               [&](const fake_client& client) { client.say(row.bytes); });
    blocking_showq_client queue(f.settings);
    CHECK(list(queue) == row.told);
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == row.why);
    CHECK(queue.failure()->text.find(row.text) != std::string::npos);
    CHECK(queue.next() == nullptr);
    CHECK(queue.next_recipient() == nullptr);
}

TEST_CASE("a showq client says that the mail system is down") {
    const fixture f;
    blocking_showq_client queue(f.settings);
    CHECK(queue.next() == nullptr);
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == reason::unreachable);
    CHECK(queue.failure()->text == "Queue report unavailable - mail system is down (connect to " +
                                       f.settings.path + ": No such file or directory)");
    CHECK(queue.next() == nullptr);
}

TEST_CASE("a showq client gives up on a service that is silent, not on one that is slow") {
    fixture f;
    f.settings.silence_limit = 150ms;
    const fake_service service(f.settings.path, [](const fake_client& client) {
        for (const auto* id : {"A1", "A2", "A3", "A4", "A5"}) {
            client.say(head(id) + end);
            std::this_thread::sleep_for(50ms);
        }
        client.wait();
    });
    const auto begin = std::chrono::steady_clock::now();
    blocking_showq_client queue(f.settings);
    CHECK(list(queue) == strings{"A1", "A2", "A3", "A4", "A5"});
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == reason::timed_out);
    CHECK(queue.failure()->text == "read timeout on " + f.settings.path);
    CHECK(std::chrono::steady_clock::now() - begin < 2s);
}

TEST_CASE("a showq client needs no more memory for a long list, or for many recipients") {
    fixture f;
    constexpr int messages = 20000, recipients = 50000;
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        client.say(announcement);
        for (int i = 0; i < messages; ++i)
            client.say(head("A" + std::to_string(i)) + recipient(std::string(500, 'x')) + end);
        client.say(head("B"));
        for (int i = 0; i < recipients; ++i)
            client.say(recipient(std::string(500, 'x')));
        client.say(end + end);
    });
    blocking_showq_client queue(f.settings);
    REQUIRE(queue.next() != nullptr);
    const long before = resident_pages();
    int message_count = 1, recipient_count = 0;
    do {
        while (queue.next_recipient() != nullptr)
            ++recipient_count;
    } while (queue.next() != nullptr && ++message_count > 0);
    CHECK_FALSE(queue.failure());
    CHECK(message_count == messages + 1);
    CHECK(recipient_count == messages + recipients);
    if (!is_sanitized)
        CHECK(resident_pages() - before < 1000); // of 8000 that went by
}
