#include "catch.hpp"
#include "spool.hpp"

#include "flushd/daemon/followed_send.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace flushd;
using postfix_proto::queue_id;
using postfix_proto::queue_layout;

namespace {

struct fixture {
    spool queue;
    queue_layout layout{"deferred, defer", 1};
    bounce_watch bounces{layout};
    followed_send sent{"customer.tld", layout, bounces};

    fixture() {
        for (const char* name : {"bounce", "hold", "defer", "defer/A", "deferred/A"})
            std::filesystem::create_directories(name);
        bounces.start();
    }
    void move(const std::string& id, std::size_t recipients = 1) {
        spool::message("incoming", id);
        sent.add({{*queue_id::parse(id), recipients}});
    }
    static void rename(const std::string& id, const std::string& from, const std::string& to) {
        std::filesystem::rename(from + "/" + id, to + "/" + id);
    }
    static void defer(const std::string& id, std::string_view status, std::string_view reason) {
        std::ofstream("defer/A/" + id)
            << "recipient=user@customer.tld\nstatus=" << status << "\nreason=" << reason << "\n\n";
        rename(id, "incoming", "deferred/A");
    }
    void look() {
        while (!sent.look(std::chrono::seconds(1))) {
        }
    }
};

} // namespace

TEST_CASE("followed send: a message is in delivery while it is incoming or active") {
    fixture f;
    f.move("A1", 7);
    f.look();
    CHECK(f.sent.messages() == 1);
    CHECK(f.sent.unread() == 1);
    fixture::rename("A1", "incoming", "active");
    f.look();
    CHECK(f.sent.messages() == 1);
    CHECK(f.sent.unread() == 0);
    CHECK(f.sent.recipients() == 7);
    CHECK(f.sent.result().total() == 0);
}

TEST_CASE("followed send: a short look tells what was read, and nothing else") {
    fixture f;
    for (const auto* const id : {"A1", "A2", "A3"})
        f.move(id);
    fixture::rename("A1", "incoming", "active");
    std::filesystem::remove("incoming/A2");
    f.sent.look_at_unread(std::chrono::seconds(1));
    CHECK(f.sent.unread() == 1);
    CHECK(f.sent.messages() == 3);
    CHECK(f.sent.result().total() == 0);
    f.look();
    CHECK(f.sent.unread() == 1);
    CHECK(f.sent.result().delivered == 1);
}

TEST_CASE("followed send: what a new queue manager has taken back is in delivery, and told") {
    fixture f;
    std::vector<std::string> told;
    f.sent.on_restart([&](const queue_id& id) { told.push_back(id.str()); });
    for (const auto* const id : {"A1", "A2"}) {
        f.move(id);
        fixture::rename(id, "incoming", "active");
    }
    f.look();
    CHECK(told.empty());
    fixture::rename("A1", "active", "incoming");
    std::filesystem::remove("active/A2");
    f.look();
    CHECK(told == std::vector<std::string>{"A1"});
    CHECK(f.sent.messages() == 1);
    CHECK(f.sent.unread() == 1);
    CHECK(f.sent.result().total() == 1);
    fixture::rename("A1", "incoming", "active");
    f.look();
    CHECK(f.sent.messages() == 1);
    std::filesystem::remove("active/A1");
    f.look();
    CHECK(f.sent.result().delivered == 2);
    CHECK(told.size() == 1);
}

TEST_CASE("followed send: at a restart each message in delivery is told once") {
    fixture f;
    std::vector<std::string> told;
    f.sent.on_restart([&](const queue_id& id) { told.push_back(id.str()); });
    for (int i = 0; i < 50; ++i)
        f.move("A" + std::to_string(i));
    f.look();
    std::filesystem::remove("incoming/A7");
    f.look();
    f.sent.begin_again();
    while (!f.sent.do_again(std::chrono::seconds(0))) {
    }
    CHECK(told.size() == 49);
    std::sort(told.begin(), told.end());
    CHECK(std::unique(told.begin(), told.end()) == told.end());
    CHECK(f.sent.do_again(std::chrono::seconds(0)));
    CHECK(told.size() == 49);
}

TEST_CASE("followed send: a message that has gone was delivered, or returned") {
    fixture f;
    for (const auto* const id : {"A1", "A2"})
        f.move(id);
    f.look();
    std::ofstream("bounce/A2");
    std::filesystem::remove("bounce/A2");
    for (const auto* const id : {"A1", "A2"})
        std::filesystem::remove(std::string("incoming/") + id);
    f.look();
    CHECK(f.sent.result().delivered == 1);
    CHECK(f.sent.result().bounced == 1);
    CHECK(f.sent.messages() == 0);
    CHECK(f.sent.recipients() == 0);
}

TEST_CASE("followed send: where bounces cannot be seen, it says neither") {
    fixture f;
    f.bounces.stop();
    f.move("A1");
    std::filesystem::remove("incoming/A1");
    f.look();
    CHECK(f.sent.result().gone == 1);
    CHECK(f.sent.result().delivered == 0);
}

TEST_CASE(
    "followed send: a message that is deferred or held again says so, with the first reason") {
    fixture f;
    for (const auto* const id : {"A1", "A2"})
        f.move(id);
    fixture::defer("A1", "4.2.2", "mailbox full");
    fixture::rename("A2", "incoming", "hold");
    f.look();
    CHECK(f.sent.result().deferred == 1);
    CHECK(f.sent.result().held == 1);
    CHECK(f.sent.result().reason == "mailbox full");
    CHECK_FALSE(f.sent.is_down());
}

TEST_CASE("followed send: a destination is down after twenty failures of its own in a row") {
    fixture f;
    const auto fail = [&f](int from, int to, std::string_view status) {
        for (int i = from; i < to; ++i) {
            const auto id = "A" + std::to_string(i);
            f.move(id);
            fixture::defer(id, status, "connect to mx: Connection refused");
        }
    };
    f.move("A1");
    fail(100, 119, "4.4.1");
    f.look();
    CHECK_FALSE(f.sent.is_down());
    fail(119, 120, "4.4.1");
    f.look();
    CHECK(f.sent.is_down());
    // One delivery, and it is not.
    std::filesystem::remove("incoming/A1");
    f.look();
    CHECK_FALSE(f.sent.is_down());
}

TEST_CASE("followed send: messages' own troubles do not make a destination one that is down") {
    fixture f;
    for (int i = 100; i < 140; ++i) {
        const auto id = "A" + std::to_string(i);
        f.move(id);
        fixture::defer(id, "4.2.0", "greylisted");
    }
    f.look();
    CHECK(f.sent.result().deferred == 40);
    CHECK_FALSE(f.sent.is_down());
}
