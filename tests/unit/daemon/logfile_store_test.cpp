#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"
#include "recording_sink.hpp"
#include "spool.hpp"

#include "flushd/daemon/logfile_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/file.h>
#include <sys/resource.h>

#include <deque>
#include <list>

namespace asio = boost::asio;
using namespace flushd;
using namespace postfix_proto;
using std::chrono::milliseconds;

namespace {

const logfile_name site = *logfile_name::from_name("customer_tld");
const logfile_name other = *logfile_name::from_name("other_tld");

struct fixture {
    spool queue;
    recorded_log records;
    logger log{records.sink()};
    asio::io_context context{1};
    asio::steady_timer makes_the_reactor{context}; // while there are descriptors
    work_in_hand work;
    queue_layout layout{"deferred", 1};
    worker_thread worker;
    counters counts;
    send_history history;
    logfile_store store;

    explicit fixture(const lock_patience& patience = {})
        : store({{context, work, log}, worker, counts, history}, layout, 256, patience) {}

    using answer = std::optional<std::error_code>;
    /// What it comes to is there after run().
    answer& add(const logfile_name& to, const std::string& id) {
        answer& result = answers.emplace_back();
        asio::co_spawn(
            context,
            [](logfile_store& asked, logfile_name name, queue_id what,
               answer& told) -> asio::awaitable<void> {
                told = co_await asked.add(name, what);
            }(store, to, *queue_id::parse(id), result),
            [](const std::exception_ptr& failure) { CHECK_FALSE(failure); });
        return result;
    }
    void run() {
        context.restart();
        context.run();
    }
    /// What is ready to be done.
    void poll() {
        context.restart();
        context.poll();
    }

    template <typename Predicate>
    void run_until(Predicate is_done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!is_done() && std::chrono::steady_clock::now() < end)
            context.run_one_for(std::chrono::seconds(1));
        CHECK(is_done());
    }

    std::deque<answer> answers;
};

/// A lock that somebody else holds.
struct lock {
    file_descriptor file;

    explicit lock(const char* path) : file(::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        REQUIRE(::flock(file.get(), LOCK_EX) == 0);
    }
};

const std::error_code none;

} // namespace

TEST_CASE("an add waits for a lock that somebody else gives up in time") {
    fixture f;
    std::optional<lock> held(std::in_place, "flush/customer_tld");
    auto& answer = f.add(site, "A1");
    f.poll();
    CHECK_FALSE(answer);
    CHECK(f.work.any());
    held.reset();
    f.run();
    CHECK(answer == none);
    CHECK(spool::content("flush/customer_tld") == "A1\n");
    CHECK_FALSE(f.work.any());
    CHECK(f.records.lines().empty());
}

TEST_CASE("a lock is waited for only so long, and another site not at all") {
    lock_patience patience;
    patience.longest_wait = milliseconds(50);
    fixture f(patience);
    const lock held("flush/customer_tld");
    auto& first = f.add(site, "A1");
    auto& second = f.add(site, "B2");
    auto& elsewhere = f.add(other, "C3");
    f.poll();
    CHECK(elsewhere == none);
    CHECK_FALSE(first);
    f.run();
    CHECK(first == std::errc::timed_out);
    CHECK(second == std::errc::timed_out);
    CHECK(spool::content("flush/customer_tld").empty());
    REQUIRE(f.records.lines().size() == 1);
    CHECK(f.records.lines()[0] == "warning: write fast flush logfile customer_tld: locked by "
                                  "another process for too long");
    CHECK_FALSE(f.work.any());
}

TEST_CASE("a site whose lock was waited for in vain is served when the lock is free") {
    lock_patience patience;
    patience.longest_wait = milliseconds(50);
    fixture f(patience);
    {
        const lock held("flush/customer_tld");
        f.add(site, "A1");
        f.run();
    }
    auto& answer = f.add(site, "B2");
    f.run();
    CHECK(answer == none);
    CHECK(spool::content("flush/customer_tld") == "B2\n");
}

TEST_CASE("no more than so many clients wait for a site's lock") {
    lock_patience patience;
    patience.before_refusing = milliseconds(0);
    patience.clients_of_a_site = 10;
    patience.clients = 15;
    fixture f(patience);
    std::optional<lock> held(std::in_place, "flush/customer_tld");
    const auto refused = [&] {
        return std::count_if(f.answers.begin(), f.answers.end(), [](const auto& answer) {
            return answer == std::errc::device_or_resource_busy;
        });
    };
    SECTION("when they come together") {
        for (int i = 0; i < 25; ++i)
            f.add(site, "A" + std::to_string(i));
        f.poll();
    }
    SECTION("when they come one after the other") {
        for (int i = 0; i < 25; ++i) {
            f.add(site, "A" + std::to_string(i));
            f.poll();
        }
    }
    f.run_until([&] { return refused() == 15; });
    for (int i = 0; i < 10; ++i)
        CHECK_FALSE(f.answers[static_cast<std::size_t>(i)]);

    // Of another locked site, as many as there is room for.
    std::optional<lock> held_too(std::in_place, "flush/other_tld");
    for (int i = 0; i < 10; ++i)
        f.add(other, "B" + std::to_string(i));
    f.poll();
    f.run_until([&] { return refused() == 20; });
    CHECK(f.records.lines().size() == 2); // one for each site

    held.reset();
    held_too.reset();
    f.run();
    CHECK(refused() == 20);
    CHECK(std::count(f.answers.begin(), f.answers.end(), none) == 15);
    auto& answer = f.add(site, "LAST");
    f.run();
    CHECK(answer == none);
}

TEST_CASE("nobody is refused for a lock that is held for a moment") {
    lock_patience patience;
    patience.before_refusing = std::chrono::hours(1);
    patience.clients_of_a_site = 10;
    fixture f(patience);
    std::optional<lock> held(std::in_place, "flush/customer_tld");
    for (int i = 0; i < 500; ++i)
        f.add(site, "A" + std::to_string(i));
    f.poll();
    held.reset();
    f.run();
    CHECK(std::count(f.answers.begin(), f.answers.end(), none) == 500);
}

TEST_CASE("who waits for a send's lock is told when it takes too long") {
    lock_patience patience;
    patience.longest_wait = milliseconds(50);
    fixture f(patience);
    const lock held("flush/customer_tld");
    std::optional<std::error_code> failure;
    asio::co_spawn(
        f.context,
        [](logfile_store& store, std::optional<std::error_code>& told) -> asio::awaitable<void> {
            auto opened = co_await store.open_locked(site, logfile::missing::is_error);
            told = opened.error();
        }(f.store, failure),
        [](const std::exception_ptr& thrown) { CHECK_FALSE(thrown); });
    f.run();
    CHECK(failure == std::errc::timed_out);
}

TEST_CASE("without a descriptor for a logfile those that nobody needs are closed") {
    fixture f;
    for (int i = 0; i < 5; ++i)
        f.add(*logfile_name::from_name("site" + std::to_string(i)), "A1");
    f.run();
    // All that the process may still have are taken; the five logfiles are open below.
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    std::list<file_descriptor> taken;
    rlimit few = before;
    few.rlim_cur = std::min<rlim_t>(before.rlim_cur, 256);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    while (taken.empty() || taken.back())
        taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto& answer = f.add(site, "B2");
    f.run();
    taken.clear();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(answer == none);
    CHECK(spool::content("flush/customer_tld") == "B2\n");
    CHECK(f.records.lines().empty());
}

TEST_CASE("an add without any descriptor fails after a moment, and not for ever") {
    lock_patience patience;
    patience.longest_wait = milliseconds(50);
    fixture f(patience);
    f.add(other, "A1"); // whatever is opened with the first one
    f.run();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit none_left = before;
    none_left.rlim_cur = 0;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none_left) == 0);
    auto& answer = f.add(site, "B2");
    f.run();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE(answer.has_value());
    CHECK(answer->message() == "Too many open files");
    auto& again = f.add(site, "C3");
    f.run();
    CHECK(again == none);
    CHECK(spool::content("flush/customer_tld") == "C3\n");
}
