#include "catch.hpp"

#include "postfix_proto/file_io.hpp"
#include "temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <pthread.h>

using namespace postfix_proto;

namespace {

std::string written(const temporary_directory& dir, const std::string& text) {
    auto path = dir.file("file");
    std::ofstream(path) << text;
    return path;
}

/// Interrupts the thread that made it, again and again, as long as it exists.
class interruptions {
public:
    interruptions() {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        ::sigaction(SIGUSR2, &action, &before_); // without SA_RESTART
        thread_ = std::thread([this, target = ::pthread_self()] {
            while (!is_over_) {
                ::pthread_kill(target, SIGUSR2);
                std::this_thread::yield();
            }
        });
    }
    ~interruptions() {
        is_over_ = true;
        thread_.join();
        ::sigaction(SIGUSR2, &before_, nullptr);
    }
    interruptions(const interruptions&) = delete;
    interruptions& operator=(const interruptions&) = delete;

private:
    std::atomic<bool> is_over_ = false;
    struct sigaction before_ {};
    std::thread thread_;
};

} // namespace

TEST_CASE("a file is read whole, up to the limit") {
    const temporary_directory dir;
    const auto path = written(dir, "12345");
    CHECK(*read_whole_file(path, 5) == "12345");
    CHECK(read_whole_file(path, 4).error() == std::errc::file_too_large);
    CHECK(read_whole_file(dir.file("none"), 4).error() == std::errc::no_such_file_or_directory);
    CHECK(read_whole_file(dir.path().string(), 100000).error().value() == EISDIR);
    CHECK(read_whole_file(written(dir, ""), 0)->empty());
    CHECK(read_whole_file("/proc/self/status", 65536)->find("Name:") == 0); // has no size
    CHECK(read_whole_file("/dev/zero", 100000).error() == std::errc::file_too_large);
}

TEST_CASE("a pipe is written and read whole, whatever signals come in between") {
    const std::string text(std::size_t{1} << 20U, 'x'); // more than a pipe holds
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const file_descriptor input(ends[0]);
    file_descriptor output(ends[1]);
    std::error_code write_failure;
    std::thread writer([&] {
        const interruptions again_and_again;
        write_failure = write_all(output.get(), text);
        output.reset();
    });
    const auto read = read_to_end(input.get(), text.size());
    writer.join();
    CHECK_FALSE(write_failure);
    REQUIRE(read);
    CHECK(*read == text);
}

TEST_CASE("reading a pipe goes on after signals") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const file_descriptor input(ends[0]);
    file_descriptor output(ends[1]);
    std::thread writer([&] {
        for (int i = 0; i < 20; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            static_cast<void>(write_all(output.get(), "line\n"));
        }
        output.reset();
    });
    result<std::string> read = unexpected(std::error_code());
    {
        const interruptions again_and_again;
        read = read_to_end(input.get(), 1000);
    }
    writer.join();
    REQUIRE(read);
    CHECK(read->size() == 100);
}

TEST_CASE("what is read at an offset is appended, as far as there is something") {
    const temporary_directory dir;
    const file_descriptor file(::open(written(dir, "12345").c_str(), O_RDWR | O_CLOEXEC));
    std::string text = "0";
    CHECK_FALSE(read_at(file.get(), 1, 2, text));
    CHECK(text == "023");
    CHECK_FALSE(read_at(file.get(), 4, 10, text));
    CHECK(text == "0235");
    CHECK_FALSE(write_at(file.get(), 4, "678"));
    CHECK_FALSE(truncate(file.get(), 6));
    CHECK(*read_whole_file(dir.file("file"), 100) == "123467");
}

TEST_CASE("a full disk is an error of writing") {
    const file_descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full);
    CHECK(write_all(full.get(), "x") == std::errc::no_space_on_device);
}

TEST_CASE("a file that is opened without a trace keeps its access time when it is read") {
    const temporary_directory dir;
    const auto path = written(dir, "x");
    const timespec long_ago{1000000, 0};
    const timespec times[2] = {long_ago, long_ago}; // relatime would set it now
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    const auto file = open_without_trace(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(file);
    CHECK(*read_to_end(file.get(), 10) == "x");
    struct stat status {};
    REQUIRE(::fstat(file.get(), &status) == 0);
    CHECK(same_time(status.st_atim, long_ago));
}
