#include "catch.hpp"
#include "queue_with_service.hpp"

#include "postfix_proto/file_io.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace flushd;

namespace {

struct fixture : queue_with_service {
    fixture() : queue_with_service(serving("customer.tld, other.tld"), 256) {
        REQUIRE_FALSE(history.open(path, ::geteuid() == 0 ? "root" : ""));
    }

    void request(postfix_proto::flush_request what, std::optional<uid_t> user = std::nullopt) {
        bool is_answered = false;
        const auto ask = [&]() -> asio::awaitable<void> {
            static_cast<void>(co_await service.handle(std::move(what), user));
            is_answered = true;
        };
        asio::co_spawn(context, ask(), asio::detached);
        run_until([&] { return is_answered && !work.any(); });
    }
    void send(const std::string& site, std::optional<uid_t> user = std::nullopt) {
        request(postfix_proto::send_site_request{site}, user);
    }
    void run_until(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        context.restart();
        while (!condition() && std::chrono::steady_clock::now() < end) {
            context.run_one_for(std::chrono::milliseconds(50));
            queue.take_triggers();
        }
        REQUIRE(condition());
    }
    std::vector<send_record> records() const {
        return parse_send_history(*postfix_proto::read_whole_file(path, 10'000'000));
    }

    std::string path = queue.file("flushd.history");
};

} // namespace

TEST_CASE("send history: a send is recorded when its end is known, with who has asked") {
    fixture f;
    for (const char* id : {"A1", "B2"})
        spool::message("deferred", id);
    spool::write("flush/customer_tld", "A1\nB2\nA1\nC3\n");
    f.send("customer.tld", 1007);
    CHECK(f.records().empty());
    std::filesystem::remove("incoming/A1");
    std::filesystem::rename("incoming/B2", "deferred/B2");
    f.run_until([&] { return !f.records().empty(); });
    const auto record = f.records().front();
    CHECK(record.site == "customer.tld");
    CHECK(record.user == 1007U);
    CHECK_FALSE(record.is_resumed);
    CHECK(record.asked > 0);
    CHECK(record.moved == 2);
    CHECK(record.missing == 1);
    CHECK(record.duplicate == 1);
    CHECK(record.delivered + record.gone == 1);
    CHECK(record.deferred == 1);
    CHECK(record.in_delivery == 0);
    f.service.end();
    CHECK(f.records().size() == 1);
}

TEST_CASE("send history: what is in delivery when the process ends is told as such") {
    fixture f;
    spool::message("deferred", "A1");
    spool::write("flush/customer_tld", "A1\n");
    f.send("customer.tld");
    f.service.end();
    REQUIRE(f.records().size() == 1);
    CHECK(f.records().front().in_delivery == 1);
    CHECK_FALSE(f.records().front().user);
}

TEST_CASE("send history: a send that has moved nothing is recorded at once") {
    fixture f;
    spool::write("flush/customer_tld", "A1\n");
    f.send("customer.tld", 0);
    REQUIRE(f.records().size() == 1);
    CHECK(f.records().front().missing == 1);
    CHECK(f.records().front().user == 0U);
}

TEST_CASE("send history: neither housekeeping nor a site without mail is recorded") {
    fixture f;
    f.send("customer.tld");
    spool::write("flush/customer_tld", "");
    f.send("customer.tld");
    spool::write("flush/other_tld", "A1\n");
    spool::make_older("flush/other_tld", 100);
    f.request(postfix_proto::purge_request{});
    f.service.end();
    CHECK(spool::content("flush/other_tld").empty()); // it was sent
    CHECK(f.records().empty());
}
