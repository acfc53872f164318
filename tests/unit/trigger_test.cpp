#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "postfix_proto/trigger.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <atomic>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

struct fixture {
    temporary_directory dir;
    std::string path = dir.file("qmgr");
    recorded_log lines;
    logger log{lines.sink()};

    [[nodiscard]] bool send() { return send_trigger(qmgr_request::scan_deferred, path, 5s, log); }
};

} // namespace

TEST_CASE("a trigger reaches a socket before its sender goes on") {
    fixture f;
    std::string heard;
    {
        const fake_service service(f.path, [&](const fake_client& client) {
            std::this_thread::sleep_for(50ms); // and the connection is still there
            heard = client.hear(2);
        });
        CHECK(f.send());
    }
    CHECK(heard == "D\0"s);
    CHECK(f.lines.lines().empty());
}

TEST_CASE("a trigger reaches a FIFO") {
    fixture f;
    REQUIRE(::mkfifo(f.path.c_str(), 0600) == 0);
    const file_descriptor reader(::open(f.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(f.send());
    std::array<char, 10> buffer{};
    CHECK(::read(reader.get(), buffer.data(), buffer.size()) == 1);
    CHECK(buffer[0] == 'D');
}

TEST_CASE("a trigger that nobody takes is told of") {
    fixture f;
    SECTION("no path") {
        CHECK_FALSE(f.send());
        CHECK(f.lines.contains("No such file or directory"));
    }
    SECTION("nobody listens at the socket") {
        fake_service(f.path, [](const fake_client&) {}); // and has gone
        CHECK_FALSE(f.send());
    }
    SECTION("nobody reads the FIFO") {
        REQUIRE(::mkfifo(f.path.c_str(), 0600) == 0);
        CHECK_FALSE(f.send());
    }
    SECTION("neither") {
        f.dir.write("qmgr", "");
        CHECK_FALSE(f.send());
        CHECK(f.lines.contains("is not a socket or a fifo"));
    }
}
