// Sends of what an operator has chosen.
#include "catch.hpp"
#include "queue_file.hpp"
#include "queue_with_service.hpp"

#include "flushd/core/selection.hpp"

#include "postfix_proto/flush_request.hpp"

#include <boost/asio/co_spawn.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace flushd;
using postfix_proto::queue_id;

namespace {

flush_parameters with_limit() {
    auto result = serving("customer.tld");
    result.most_messages_in_delivery = 5000;
    return result;
}

struct fixture : queue_with_service {
    fixture() : queue_with_service(with_limit(), 256) {
        for (const auto* const name : {"defer", "bounce", "hold"})
            fs::create_directory(name);
        const auto owner = ::geteuid() == 0 ? "root" : "";
        REQUIRE_FALSE(unfinished.open(own_files.file("flushd.sends"), owner));
        REQUIRE_FALSE(tool.open(own_files.file("flushd.sends"), owner));
    }

    static void defer(const std::string& id, const std::string& domain) {
        spool::message("deferred", id);
        spool::write(
            "deferred/" + id,
            queue_record('C', fmt::format("{:15} {:15} {:15} {:15} {:15}", 10, 600, 1, 0, 0)) +
                queue_record('T', "1000 0") + queue_record('S', "someone@sender.tld") +
                queue_record('R', "user@" + domain));
        domains()[id] = domain;
    }
    static std::map<std::string, std::string>& domains() {
        static std::map<std::string, std::string> known;
        return known;
    }

    void choose(const std::vector<std::string>& ids, const send_pace& pace = {}) {
        std::string text;
        for (const auto& id : ids)
            text += id + '\n';
        spool::write(path, text);
        REQUIRE(tool.leave({file, "selected(from=x)", pace}));
    }

    /// As `flushd send` asks.
    void ask_for_nothing() {
        asio::co_spawn(
            context, service.handle(postfix_proto::send_file_request{*queue_id::parse("NO_SUCH")}),
            [](const std::exception_ptr&, postfix_proto::flush_status) {});
    }

    /// Runs the service while qmgr(8) delivers to all but some domains. Returns the messages that
    /// were tried, in order.
    std::vector<std::string> deliver(
        const std::set<std::string>& dead,
        const std::function<bool()>& enough = [] { return false; }) {
        std::vector<std::string> tried;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        context.restart();
        do {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(20));
            context.poll();
            triggers += queue.take_triggers();
            for (const auto& one : fs::directory_iterator("incoming")) {
                const auto id = one.path().filename().string();
                tried.push_back(id);
                if (!dead.contains(domains()[id])) {
                    fs::remove(one.path());
                    continue;
                }
                spool::write("defer/" + id,
                             fmt::format("recipient=user@{}\nstatus=4.4.1\nreason=connect: "
                                         "Connection refused\n\n",
                                         domains()[id]));
                fs::rename(one.path(), "deferred/" + id);
            }
        } while (!enough() && (work.any() || fs::exists(path) || !tool.list().empty()) &&
                 std::chrono::steady_clock::now() < end);
        return tried;
    }

    std::string triggers;
    temporary_directory own_files;
    unfinished_sends tool;
    logfile_name file = selection_name(1795766400, 4711, 0);
    std::string path = "flush/" + file.name();
};

} // namespace

TEST_CASE("a selection is sent as soon as the service is asked anything, and its logfile goes") {
    fixture f;
    for (const auto* const id : {"A1", "B2", "C3"})
        fixture::defer(id, "any.tld");
    f.choose({"A1", "B2", "GONE"});
    f.ask_for_nothing();
    const auto tried = f.deliver({});
    CHECK(std::set<std::string>(tried.begin(), tried.end()) == std::set<std::string>{"A1", "B2"});
    CHECK(spool::has("deferred", "C3"));
    CHECK_FALSE(fs::exists(f.path));
    CHECK(f.tool.list().empty());
    CHECK(f.records.contains("flush site=selected(from=x), moved=2, missing=1, "));
}

TEST_CASE("a destination that is down does not keep back the other mail of a selection") {
    fixture f;
    std::vector<std::string> ids;
    std::set<std::string> of_up;
    for (int i = 0; i < 1500; ++i) {
        ids.push_back(fmt::format("A{}", i));
        fixture::defer(ids.back(), "dead.tld");
        if (i % 10 == 0) { // the last ones come long after the destination is known to be down
            ids.push_back(fmt::format("B{}", i));
            fixture::defer(ids.back(), "Up.TLD");
            of_up.insert(ids.back());
        }
    }
    f.choose(ids);
    f.service.look_at_records();
    const auto tried = f.deliver({"dead.tld"});
    for (const auto& id : of_up)
        CHECK_FALSE(spool::has("deferred", id));
    CHECK(tried.size() < of_up.size() + 500);
    CHECK(f.records.contains(fmt::format(", left={} (connect: Connection refused)",
                                         1500 - (tried.size() - of_up.size()))));
    CHECK_FALSE(fs::exists(f.path));
}

TEST_CASE("a selection of thousands causes a handful of triggers") {
    fixture f;
    std::vector<std::string> ids;
    for (int i = 0; i < 3000; ++i) {
        ids.push_back(fmt::format("A{}", i));
        fixture::defer(ids.back(), fmt::format("d{}.tld", i % 20));
    }
    f.choose(ids);
    const auto begin = std::chrono::steady_clock::now();
    f.ask_for_nothing();
    CHECK(f.deliver({}).size() == ids.size());
    const auto took = std::chrono::steady_clock::now() - begin;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(took).count();
    // One when it begins, one when it ends, one each second, and one each time there is no room.
    // Dead destinations are forgotten once, as by stock: they may be anybody's.
    CHECK(f.triggers.starts_with("F"));
    CHECK(std::count(f.triggers.begin(), f.triggers.end(), 'F') == 1);
    CHECK(f.triggers.size() <= 20 + 2 * static_cast<std::size_t>(seconds));
}

TEST_CASE("a selection waits until a message of it is delivered, and tries another each time") {
    fixture f;
    for (const auto* const id : {"A1", "B2", "C3"})
        fixture::defer(id, id == std::string("A1") ? "dead.tld" : "up.tld");
    f.choose({"A1", "B2", "C3"}, {.when_up_until = std::time(nullptr) + 60});
    f.service.look_at_records();
    auto tried = f.deliver({"dead.tld"}, [&] { return spool::has("defer", "A1"); });
    CHECK(tried == std::vector<std::string>{"A1"});
    f.deliver({"dead.tld"}, [&] { return spool::content(f.path).starts_with("B2\nC3\nA1\n"); });
    CHECK(spool::content(f.path) == "B2\nC3\nA1\n");
    CHECK(f.tool.call_off(f.file) == 1);
    f.deliver({"dead.tld"}); // within the pause of a second
    CHECK_FALSE(fs::exists(f.path));
    for (const auto* const id : {"A1", "B2", "C3"})
        CHECK(spool::has("deferred", id));
}

TEST_CASE("housekeeping does not send a selection, and removes one that nobody sends") {
    fixture f;
    fixture::defer("A1", "any.tld");
    const auto purge = [&] {
        asio::co_spawn(f.context, f.service.handle(postfix_proto::purge_request{}),
                       [](const std::exception_ptr&, postfix_proto::flush_status) {});
        f.deliver({}, [&] { return !f.work.any(); });
    };
    spool::write(f.path, "A1\n");
    spool::make_older(f.path, 10);
    purge();
    CHECK(fs::exists(f.path)); // its send may be recorded in a moment
    spool::make_older(f.path, 7200);
    REQUIRE(f.tool.leave({f.file, "selected(from=x)", {.when_up_until = std::time(nullptr) + 60}}));
    purge();
    CHECK(fs::exists(f.path));
    CHECK(f.tool.call_off(f.file) == 1);
    purge();
    CHECK_FALSE(fs::exists(f.path));
    CHECK(spool::has("deferred", "A1"));
}
