#include "catch.hpp"

#include "recording_sink.hpp"

#include "flushd/tool/metrics/exporter.hpp"
#include "flushd/tool/metrics/listen_address.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace flushd::tool;
using namespace std::chrono_literals;
using postfix_proto::file_descriptor;

namespace {

/// An exporter on a port of its own, in a thread of its own.
class running_exporter {
public:
    explicit running_exporter(std::function<std::string()> collect,
                              const exporter_limits& limits = {})
        : socket_(listen_on(address_)),
          server_(context_, std::move(socket_), std::move(collect), limits, log_),
          thread_([this] { context_.run(); }) {}
    ~running_exporter() { stop(); }

    /// Returns when all that it had to do is done.
    void stop() {
        boost::asio::post(context_, [this] { server_.stop(); });
        if (thread_.joinable())
            thread_.join();
    }

    [[nodiscard]] file_descriptor connect() const {
        file_descriptor result(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(address_.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(result.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
        return result;
    }

    static void say(const file_descriptor& client, std::string_view text) {
        REQUIRE(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }

    /// All that the exporter says until it closes the connection.
    static std::string hear(const file_descriptor& client) {
        std::string result;
        char buffer[4096];
        pollfd entry{client.get(), POLLIN, 0};
        while (::poll(&entry, 1, 60000) > 0) {
            const auto size = ::recv(client.get(), buffer, sizeof buffer, 0);
            if (size <= 0)
                return result;
            result.append(buffer, static_cast<std::size_t>(size));
        }
        return "the connection stays open";
    }

    [[nodiscard]] std::string get(std::string_view path = "/metrics") const {
        const auto client = connect();
        say(client, "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return hear(client);
    }

    recorded_log lines; // while it runs its thread may write there

private:
    postfix_proto::logger log_{lines.sink()};
    boost::asio::io_context context_{1};
    listen_address address_{"127.0.0.1", 0};
    file_descriptor socket_;
    exporter server_;
    std::thread thread_;
};

std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

} // namespace

TEST_CASE("an exporter answers each client, and collects once for those of the same seconds") {
    std::atomic<int> collected = 0;
    running_exporter server([&] { return "collected " + std::to_string(++collected) + "\n"; },
                            {.times = {.fresh = 1h}});
    CHECK(server.get().substr(0, 15) == "HTTP/1.1 200 OK");
    CHECK(body(server.get()) == "collected 1\n");
    CHECK(server.get("/").substr(0, 12) == "HTTP/1.1 404");
    CHECK(body(server.get()) == "collected 1\n");
    CHECK(collected == 1);
}

TEST_CASE("an exporter collects again when the last result is old") {
    std::atomic<int> collected = 0;
    running_exporter server([&] { return std::to_string(++collected); }, {.times = {.fresh = 1ms}});
    CHECK(body(server.get()) == "1");
    for (int n = 0; n < 1000 && body(server.get()) == "1"; ++n)
        std::this_thread::sleep_for(1ms);
    CHECK(collected > 1);
}

TEST_CASE("clients that come during a collection share it, and others are answered meanwhile") {
    std::promise<void> go_on;
    std::atomic<int> collected = 0;
    running_exporter server(
        [&, wait = go_on.get_future().share()] {
            wait.wait();
            return std::to_string(++collected);
        },
        {.times = {.fresh = 1h}});
    std::vector<file_descriptor> clients;
    for (int n = 0; n < 5; ++n) {
        clients.push_back(server.connect());
        running_exporter::say(clients.back(), "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    CHECK(server.get("/other").substr(0, 12) == "HTTP/1.1 404");
    go_on.set_value();
    for (const auto& client : clients)
        CHECK(body(running_exporter::hear(client)) == "1");
}

TEST_CASE("a failed collection is told to the client, and logged once") {
    std::atomic<bool> fails = true;
    running_exporter server(
        [&]() -> std::string {
            if (fails)
                throw std::runtime_error("cannot read deferred");
            return "fine";
        },
        {.times = {.fresh = 1ms}});
    for (int n = 0; n < 3; ++n) {
        std::this_thread::sleep_for(5ms);
        CHECK(body(server.get()) == "No metrics: cannot read deferred\n");
    }
    fails = false;
    std::string said;
    for (int n = 0; n < 1000 && said != "fine"; ++n) {
        said = body(server.get());
        std::this_thread::sleep_for(1ms);
    }
    CHECK(said == "fine");
    server.stop();
    CHECK(server.lines.lines() == std::vector<std::string>{"warning: cannot read deferred"});
}

TEST_CASE("a client does not wait for a collection without an end") {
    std::promise<void> go_on;
    running_exporter server(
        [wait = go_on.get_future().share()] {
            wait.wait();
            return std::string("late");
        },
        {.times = {.patience = 10ms}});
    CHECK(server.get().substr(0, 12) == "HTTP/1.1 503");
    go_on.set_value();
}

TEST_CASE("silent and slow clients are closed, and others are answered meanwhile") {
    running_exporter server([] { return std::string("fine"); }, {.clients = 4, .request = 1s});
    std::vector<file_descriptor> silent;
    for (int n = 0; n < 40; ++n)
        silent.push_back(server.connect());
    const auto slow = server.connect();
    running_exporter::say(slow, "GET /metr");
    CHECK(body(server.get()) == "fine");
    for (const auto& client : silent)
        CHECK(running_exporter::hear(client) == "");
    CHECK(running_exporter::hear(slow) == "");
}

TEST_CASE("an exporter that is stopped lets go everybody, also during a collection") {
    std::promise<void> go_on, begun;
    running_exporter server([&, wait = go_on.get_future().share()] {
        begun.set_value();
        wait.wait();
        return std::string("late");
    });
    const auto waits = server.connect(), silent = server.connect();
    running_exporter::say(waits, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    begun.get_future().wait();
    std::thread stops([&] { server.stop(); });
    CHECK(running_exporter::hear(waits).substr(0, 12) == "HTTP/1.1 503");
    CHECK(running_exporter::hear(silent) == "");
    go_on.set_value();
    stops.join();
}
