#include "flushd/daemon/compactor.hpp"

#include "flushd/daemon/queue_mover.hpp"
#include "postfix_proto/trigger.hpp"

#include "catch.hpp"
#include "recording_sink.hpp"
#include "spool.hpp"
#include "whole_snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <variant>

using namespace flushd;
using namespace postfix_proto;
namespace asio = boost::asio;

namespace {

const std::string path = "flush/customer_tld";
const logfile_name site = *logfile_name::from_name("customer_tld");

/// IDs from `first` on, a line of 13 bytes each.
std::string lines(int first, int count) {
    std::string result;
    for (int i = first; i < first + count; ++i)
        result += "A" + std::to_string(10'000'000'000 + i) + '\n';
    return result;
}
const std::string large = lines(0, 60000); // 780 kB

timespec access_time() {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_atim;
}

struct fixture {
    spool queue;
    recorded_log records;
    logger log{records.sink()};
    asio::io_context context{1};
    work_in_hand work;
    queue_layout layout{"deferred", 1};
    queue_mover mover{layout, log};
    trigger_sender queue_manager{context, "public/qmgr", std::chrono::seconds(10), work, log};
    worker_thread worker;
    counters counts;
    send_history history;
    daemon_context daemon{{context, work, log}, worker, counts, history};
    logfile_store store{daemon, layout, 16};
    unfinished_sends unfinished;
    site_sender sender{daemon, store, mover, queue_manager, unfinished, {}};
    compactor under_test{daemon, store, sender};

    fixture() {
        store.on_growth([this](const logfile_name& s, std::size_t n) { under_test.grown(s, n); });
    }
    void grown() { under_test.grown(site, std::filesystem::file_size(path)); }
    void run() {
        context.restart();
        context.run();
    }
    /// Until the worker has nothing to do.
    void wait_for_worker() {
        asio::io_context other{1};
        asio::co_spawn(other, worker.run([] {}), asio::detached);
        other.run();
    }
    /// Until the logfile has been read and marked, and what is listed twice is being found.
    void run_a_little() {
        context.restart();
        const auto before = std::filesystem::file_size(path);
        while (std::filesystem::file_size(path) == before) {
            context.run_one();
            wait_for_worker();
        }
        REQUIRE(work.any());
    }
    void add(std::string_view id) {
        asio::co_spawn(
            context,
            [](logfile_store& to, queue_id what) -> asio::awaitable<void> {
                const auto failure = co_await to.add(site, what);
                CHECK_FALSE(failure);
            }(store, *queue_id::parse(id)),
            [](const std::exception_ptr& failure) { CHECK_FALSE(failure); });
    }
};

/// What a send by another process does to the logfile.
void send_elsewhere() {
    auto opened = logfile::open(path, logfile::missing::is_error);
    auto& file = *opened;
    REQUIRE_FALSE(file.try_lock());
    file.mark_sent();
    std::filesystem::resize_file(path, 0);
}

} // namespace

TEST_CASE("a large logfile keeps each line once, in the order in which they came first") {
    fixture f;
    spool::write(path, lines(3000, 3000) + lines(0, 6000) + "not a queue ID\n" + lines(0, 6000));
    spool::make_older(path, 3600);
    const auto before = access_time();
    f.grown();
    f.run();
    // By it housekeeping knows when the site was sent last.
    CHECK(access_time().tv_sec == before.tv_sec);
    CHECK(spool::content(path) == lines(3000, 3000) + lines(0, 3000) + "not a queue ID\n");
    CHECK(f.records.lines().empty());
}

TEST_CASE("adding one message again and again does not make its logfile grow") {
    fixture f;
    for (int i = 0; i < 40; ++i) {
        for (int j = 0; j < 1000; ++j)
            f.add("9B01F20A3C");
        f.run();
    }
    CHECK(std::filesystem::file_size(path) < 2 * compactor::small);
    CHECK(spool::content(path).starts_with("9B01F20A3C\n"));
}

TEST_CASE("a small logfile is left alone") {
    fixture f;
    spool::write(path, "A1\nA1\n");
    f.grown();
    CHECK_FALSE(f.work.any());
}

TEST_CASE("a logfile is compacted again only when it has doubled") {
    fixture f;
    spool::write(path, large);
    f.grown(); // in vain: nothing is listed twice
    f.run();
    CHECK(spool::content(path) == large);
    spool::write(path, large + lines(0, 5000));
    f.grown();
    CHECK_FALSE(f.work.any());
    spool::write(path, large + large + "B1\n");
    f.grown();
    CHECK(f.work.any());
    f.run();
    CHECK(spool::content(path) == large + "B1\n");
}

TEST_CASE("a logfile that has been sent starts anew") {
    fixture f;
    spool::write(path, large + large);
    f.grown();
    f.run();
    spool::write(path, "A1\n");
    f.grown();
    const auto twice = lines(0, 3000) + lines(0, 3000); // more than small, less than large twice
    spool::write(path, twice);
    f.grown();
    f.run();
    CHECK(spool::content(path) == lines(0, 3000));
}

TEST_CASE("what is added while a logfile is compacted stays") {
    fixture f;
    spool::write(path, large + large);
    f.grown();
    f.run_a_little();
    f.add("B1");
    f.add("A10000000000");
    f.run();
    const auto content = spool::content(path);
    INFO(content.substr(large.size() - 13));
    REQUIRE(content.size() == large.size() + 3 + 13);
    CHECK(content == large + "B1\nA10000000000\n");
}

TEST_CASE("a send by another process in the middle of a compaction wins") {
    fixture f;
    spool::write(path, large + large);
    f.grown();
    f.run_a_little();
    send_elsewhere();
    SECTION("nothing comes back") {
        f.run();
        CHECK(spool::content(path).empty());
    }
    SECTION("nor is anything taken from what was listed since") {
        spool::write(path, large + large + "B1\n");
        f.run();
        CHECK(spool::content(path) == large + large + "B1\n");
    }
}

TEST_CASE("a compaction in the middle of a send by another process keeps what was listed since") {
    fixture f;
    spool::write(path, large); // each once: compaction will not change these lines
    auto opened = logfile::open(path, logfile::missing::is_error);
    auto& elsewhere = *opened;
    REQUIRE_FALSE(elsewhere.try_lock());
    elsewhere.mark_sent();
    logfile::snapshot handled;
    REQUIRE_FALSE(take_snapshot(elsewhere, handled));
    elsewhere.unlock();

    f.add("A10000000000"); // it was moved, and has been deferred again
    f.run();
    REQUIRE(spool::content(path) == large); // compacted
    REQUIRE_FALSE(elsewhere.try_lock());
    CHECK_FALSE(replace(elsewhere, handled, ""));
    CHECK(spool::content(path).find("A10000000000\n") != std::string::npos);
}

TEST_CASE("a large logfile that lists nothing twice is left as it was") {
    fixture f;
    spool::write(path, large);
    f.grown();
    SECTION("alone") {
        f.run();
        CHECK(spool::content(path) == large);
    }
    SECTION("while something is added") {
        f.run_a_little();
        f.add("B1");
        f.run();
        CHECK(spool::content(path) == large + "B1\n");
    }
    CHECK(f.counts.pending()[static_cast<std::size_t>(counter::compactions)] == 0);
}

TEST_CASE("marks that crashes have left behind go with the duplicates") {
    fixture f;
    spool::write(path, "flushd_mark_1\n" + large + "flushd_mark_2\n" + large);
    f.grown();
    f.run();
    CHECK(spool::content(path) == large);
}

TEST_CASE("a compaction gives way to other work at least every few milliseconds") {
    fixture f;
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += lines(100'000 * i, 100'000);
    spool::write(path, text + "A10000000000\n"); // 26 MB
    f.grown();
    int others = 0;
    f.context.restart();
    const auto one_more = [&]() -> asio::awaitable<void> {
        while (f.work.any()) {
            co_await f.worker.run([&] { ++others; });
        }
    };
    asio::co_spawn(f.context, one_more(), asio::detached);
    f.context.run();
    CHECK(spool::content(path) == text);
    CHECK(others > 10);
}

TEST_CASE("a send in this process wins, too, whichever came first") {
    fixture f;
    std::filesystem::create_directory("deferred/A");
    spool::message("deferred/A", "A10000000000");
    spool::write(path, large + large);
    const auto send = [&] {
        asio::co_spawn(f.context, f.sender.send(site, "customer.tld", send_mode::refresh),
                       [](const std::exception_ptr&, bool sent) { CHECK(sent); });
    };
    SECTION("the send came first") {
        send();
        f.context.run_one();
        REQUIRE(f.sender.is_sending(site));
        f.grown();
    }
    SECTION("the compaction came first") {
        f.grown();
        f.run_a_little();
        send();
    }
    f.context.restart();
    while (f.context.run_one_for(std::chrono::seconds(5)) > 0)
        f.queue.take_triggers();
    CHECK(spool::content(path).empty());
    CHECK(spool::has("incoming", "A10000000000"));
}

TEST_CASE("an unfinished last line is finished, and stays a line of its own") {
    fixture f;
    spool::write(path, large + large + "B");
    f.grown();
    f.run();
    CHECK(spool::content(path) == large + "B\n");
}
