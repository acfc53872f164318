// Each kind of request, with each allocation failing in turn.
#include <utility> // Boost 1.74's coroutine headers need it before them

#include "allocation_failure.hpp"
#include "catch.hpp"
#include "queue_with_service.hpp"

#include <boost/asio/co_spawn.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace flushd;
using namespace postfix_proto;

namespace {

struct fixture : queue_with_service {
    fixture() : queue_with_service(serving("customer.tld"), 16) {}

    // Made before anything fails.
    const std::vector<flush_request> adds = {
        add_request{"customer.tld", *queue_id::parse("A1")},
        add_request{"customer.tld", *queue_id::parse("B2")},
        add_request{"customer.tld", *queue_id::parse("C3")},
    };
    const flush_request send = send_site_request{"customer.tld"};
    const flush_request send_file = send_file_request{*queue_id::parse("A1")};
    const flush_request purge = purge_request{};

    /// Nothing when the request got no answer.
    std::optional<flush_status> ask(const flush_request& request) {
        std::optional<flush_status> answer;
        try {
            asio::co_spawn(
                context,
                [](flush_service& asked, const flush_request& what,
                   std::optional<flush_status>& told) -> asio::awaitable<void> {
                    told = co_await asked.handle(what);
                }(service, request, answer),
                [](const std::exception_ptr&) {});
        } catch (const std::bad_alloc&) { // the client's
        }
        run();
        return answer;
    }
    void run() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (std::chrono::steady_clock::now() < end) {
            context.restart();
            try {
                // What was sent is followed for as long as nobody delivers it.
                if (context.poll() == 0 &&
                    (!work.any() || context.run_one_for(std::chrono::seconds(20)) == 0))
                    return;
            } catch (const std::bad_alloc&) {
                // Where Asio has no memory to begin a wait, newer releases hand it to the loop,
                // older ones end the process. Out of the loop it ends the daemon.
                std::abort();
            }
            if (work.any())
                static_cast<void>(queue.take_triggers());
        }
    }
};

/// What is wrong afterwards; empty when nothing is.
using experiment = std::function<std::string(fixture&, std::size_t n)>;

std::string what_is_lost(std::optional<flush_status> answer, std::string_view id) {
    const bool is_listed = spool::content("flush/customer_tld").find(id) != std::string::npos;
    return answer == flush_status::ok && !is_listed ? "answered OK and not listed" : "";
}

/// That the service is as good as new.
std::string what_is_wrong(fixture& f) {
    if (f.work.any())
        return "work is left over";
    if (f.ask(f.adds[2]) != flush_status::ok || !what_is_lost(flush_status::ok, "C3\n").empty())
        return "the next add is not served";
    spool::message("deferred", "C3");
    if (f.ask(f.send) != flush_status::ok || !spool::has("incoming", "C3") ||
        !spool::content("flush/customer_tld").empty())
        return "the next send is not served";
    return f.work.any() ? "work is left over from the next requests" : "";
}

/// Each in a process of its own, since Asio ends it where it has no memory to begin a wait; that
/// is all right, for master(8) starts another one. Returns how many went through to their end.
std::size_t try_all(const experiment& run) {
    const temporary_directory for_all; // also for those that have no time to clean up
    std::size_t survived = 0;
    for (std::size_t n = 1;; ++n) {
        const auto child = ::fork();
        if (child == 0) {
            std::signal(SIGABRT, SIG_DFL); // Catch2 would tell of it
            const int quiet = ::open("/dev/null", O_WRONLY);
            const int error = ::dup(2);
            ::dup2(quiet, 2); // what abort() has to say
            ::alarm(100);
            ::setenv("TMPDIR", for_all.path().c_str(), 1);
            std::string wrong;
            {
                fixture f;
                wrong = run(f, n);
            }
            allocation_failure::disarm();
            if (!wrong.empty())
                ::dprintf(error, "allocation %zu: %s\n", n, wrong.c_str());
            ::_exit(!wrong.empty() ? 1 : allocation_failure::happened() ? 0 : 2);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        INFO("allocation " << n);
        if (WIFSIGNALED(status)) {
            CHECK(WTERMSIG(status) == SIGABRT);
            continue;
        }
        CHECK(WEXITSTATUS(status) != 1);
        if (WEXITSTATUS(status) != 0)
            return survived; // it makes fewer than n
        ++survived;
    }
}

} // namespace

TEST_CASE("an add that runs out of memory leaves nothing behind") {
    const bool is_first = GENERATE(true, false);
    const auto survived = try_all([&](fixture& f, std::size_t n) {
        if (!is_first) // the logfile is open, and the memory that Asio keeps is there
            static_cast<void>(f.ask(f.adds[0]));
        allocation_failure::arm(n);
        const auto answer = f.ask(f.adds[1]);
        allocation_failure::disarm();
        const auto lost = what_is_lost(answer, "B2\n");
        const auto happened = allocation_failure::happened();
        const auto wrong = lost.empty() ? what_is_wrong(f) : lost;
        return happened ? wrong : std::string();
    });
    CHECK(survived >= (is_first ? 10U : 2U));
}

TEST_CASE("a send that runs out of memory leaves nothing behind") {
    const auto survived = try_all([&](fixture& f, std::size_t n) {
        static_cast<void>(f.ask(f.adds[0]));
        spool::message("deferred", "A1");
        allocation_failure::arm(n);
        const auto answer = f.ask(f.send);
        allocation_failure::disarm();
        // The mark of a send that has not come to its end may be behind it.
        const auto is_listed = spool::content("flush/customer_tld").rfind("A1\n", 0) == 0;
        if (!is_listed && !spool::has("incoming", "A1"))
            return std::string("neither listed nor moved");
        if (answer == flush_status::ok && is_listed)
            return std::string("answered OK and still listed");
        return what_is_wrong(f);
    });
    CHECK(survived >= 10U);
}

TEST_CASE("a send of one message that runs out of memory leaves nothing behind") {
    const auto survived = try_all([&](fixture& f, std::size_t n) {
        spool::message("deferred", "A1");
        allocation_failure::arm(n);
        const auto answer = f.ask(f.send_file);
        allocation_failure::disarm();
        // Without an answer, it may be moved between these two looks; a third one tells.
        const bool was_deferred = spool::has("deferred", "A1");
        const bool is_moved = spool::has("incoming", "A1");
        const bool is_deferred = spool::has("deferred", "A1");
        if (is_moved ? is_deferred : !was_deferred)
            return std::string("neither deferred nor moved, or both");
        if (answer == flush_status::ok && is_deferred)
            return std::string("answered OK and not moved");
        return what_is_wrong(f);
    });
    CHECK(survived >= 2U);
}

TEST_CASE("housekeeping that runs out of memory leaves nothing behind, and comes again") {
    const auto survived = try_all([&](fixture& f, std::size_t n) {
        const auto defer = [] {
            spool::message("deferred", "A1");
            spool::write("flush/customer_tld", "A1\n");
            spool::make_older("flush/customer_tld", 10);
        };
        defer();
        allocation_failure::arm(n);
        static_cast<void>(f.ask(f.purge));
        allocation_failure::disarm();
        // In this order, since a message that is moved meanwhile leaves the list after that.
        const bool is_listed = spool::content("flush/customer_tld").rfind("A1\n", 0) == 0;
        if (!spool::has("incoming", "A1")) {
            if (!is_listed)
                return std::string("neither listed nor moved");
            spool::make_older("flush/customer_tld", 10);
        } else {
            std::filesystem::remove("incoming/A1");
            defer();
        }
        if (f.ask(f.purge) != flush_status::ok || !spool::has("incoming", "A1"))
            return std::string("the next round does nothing");
        return what_is_wrong(f);
    });
    CHECK(survived >= 10U);
}
