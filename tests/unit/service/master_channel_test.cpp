#include "catch.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/master_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

using namespace postfix_proto;

namespace {

/// The two ends of a status channel, which is a socket pair on Linux and a pipe elsewhere.
struct status_channel {
    explicit status_channel(bool is_pipe) {
        std::array<int, 2> ends{};
        REQUIRE((is_pipe ? ::pipe2(ends.data(), O_CLOEXEC)
                         : ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data())) == 0);
        master.reset(ends[0]);
        child.reset(ends[1]);
        old_handler = std::signal(SIGPIPE, SIG_IGN);
    }
    status_channel(const status_channel&) = delete;
    status_channel& operator=(const status_channel&) = delete;
    ~status_channel() { std::signal(SIGPIPE, old_handler); }

    file_descriptor master, child;
    void (*old_handler)(int);
};

} // namespace

TEST_CASE("master_channel writes pid, generation and availability as three native ints") {
    const bool is_pipe = GENERATE(true, false);
    const status_channel ends(is_pipe);
    const master_channel channel(4711, 0xFFFFFFFFU, ends.child.get());
    CHECK(channel.descriptor() == ends.child.get());
    REQUIRE(channel.notify(availability::taken));
    REQUIRE(channel.notify(availability::available));
    std::array<int, 6> words{};
    REQUIRE(::read(ends.master.get(), words.data(), sizeof words) == sizeof words);
    CHECK(words == std::array<int, 6>{4711, -1, 0, 4711, -1, 1});
    CHECK_FALSE(channel.master_gone());
}

TEST_CASE("master_channel says that the process was used, in one write") {
    const bool is_pipe = GENERATE(true, false);
    const status_channel ends(is_pipe);
    const master_channel channel(4711, 7, ends.child.get());
    REQUIRE(channel.notify_used());
    std::array<int, 6> words{};
    REQUIRE(::read(ends.master.get(), words.data(), sizeof words) == sizeof words);
    CHECK(words == std::array<int, 6>{4711, 7, 0, 4711, 7, 1});
}

TEST_CASE("master_channel says nothing once it was told to forget") {
    const status_channel ends(true);
    master_channel channel(4711, 7, ends.child.get());
    channel.forget();
    CHECK_FALSE(channel.notify(availability::taken));
    CHECK_FALSE(channel.notify_used());
    REQUIRE(::fcntl(ends.master.get(), F_SETFL, O_NONBLOCK) == 0);
    char byte = 0;
    CHECK(::read(ends.master.get(), &byte, 1) == -1);
}

TEST_CASE("master_channel notices that master is gone") {
    const bool is_pipe = GENERATE(true, false);
    status_channel ends(is_pipe);
    const master_channel channel(1, 1, ends.child.get());
    CHECK_FALSE(channel.master_gone());
    ends.master.reset();
    CHECK(channel.master_gone());
    CHECK_FALSE(channel.notify(availability::available));
}

TEST_CASE("master_channel without a status descriptor says that master is gone") {
    const master_channel channel(1, 1, 999);
    CHECK_FALSE(channel.notify(availability::taken));
    CHECK(channel.master_gone());
}
