/// A program that uses the installed library: the codec, a client that blocks, one in an io_context
/// of its own, a table, and an exception and a log sink that cross the library's border.
#include <postfix_proto/attribute_encoder.hpp>
#include <postfix_proto/client_connection.hpp>
#include <postfix_proto/deadline_list.hpp>
#include <postfix_proto/errors.hpp>
#include <postfix_proto/flush_client.hpp>
#include <postfix_proto/flush_request.hpp>
#include <postfix_proto/lookup_table.hpp>
#include <postfix_proto/service_options.hpp>
#include <postfix_proto/spawn.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace asio = boost::asio;
namespace proto = postfix_proto;

namespace {

int failures = 0;

void check(bool is_right, const char* what) {
    std::cout << (is_right ? "ok: " : "failed: ") << what << '\n';
    failures += is_right ? 0 : 1;
}

class counting_sink final : public proto::log_sink {
public:
    explicit counting_sink(int& count) : count_(count) {}
    void write(proto::severity, std::string_view) noexcept override { ++count_; }

private:
    int& count_;
};

void use_codec() {
    const auto bytes = proto::encode(proto::send_site_request{"customer.tld"});
    check(bytes == proto::attribute_encoder()
                       .add("request", "send_site")
                       .add("site", "customer.tld")
                       .finish(),
          "a request is encoded");
    const auto decoded = proto::flush_request_decoder().feed(bytes);
    const auto* const request = decoded ? std::get_if<proto::flush_request>(&*decoded) : nullptr;
    check(request != nullptr && std::holds_alternative<proto::send_site_request>(*request),
          "and decoded");
}

void use_table() {
    int records = 0;
    proto::logger log(std::make_unique<counting_sink>(records));
    const auto table = proto::open_lookup_table("inline:{customer.tld=yes}", {}, log);
    check(table->find("customer.tld") == proto::lookup_result::found("yes"), "a table is asked");
    const auto missing = proto::open_lookup_table("hash:no/such/file", {}, log);
    check(records == 1, "the program's own sink gets the library's records");
}

void catch_exception() {
    const char* const arguments[] = {"consumer", "-?"};
    bool is_caught = false;
    try {
        static_cast<void>(proto::parse_service_options(2, arguments));
    } catch (const proto::startup_error&) {
        is_caught = true;
    }
    check(is_caught, "an exception of the library is caught");
}

void ask_nobody() {
    const auto result = proto::ask_flush(proto::refresh_request{}, {"no/such/socket"});
    check(result.outcome == proto::flush_outcome::unreachable, "a service that is not there");
    std::cout << "    " << result.text << '\n';
}

using asio::local::stream_protocol;

asio::awaitable<void> serve_one(stream_protocol::acceptor& acceptor) {
    auto client = co_await acceptor.async_accept(asio::use_awaitable);
    co_await asio::async_write(client, asio::buffer(proto::flush_announcement()),
                               asio::use_awaitable);
    proto::flush_request_decoder decoder;
    std::string input(4096, '\0');
    for (;;) {
        const auto size = co_await client.async_read_some(asio::buffer(input), asio::use_awaitable);
        if (decoder.feed(std::string_view(input).substr(0, size)))
            break;
    }
    co_await asio::async_write(client, asio::buffer(proto::encode(proto::flush_status::deny)),
                               asio::use_awaitable);
}

asio::awaitable<void> ask(proto::flush_client& client, proto::flush_result& result) {
    result = co_await client.send_site("customer.tld");
}

void ask_in_own_loop() {
    char name[] = "/tmp/consumer-XXXXXX";
    const std::filesystem::path directory = ::mkdtemp(name);
    const auto path = directory / "flush";
    proto::logger log(nullptr);
    {
        asio::io_context context(1);
        stream_protocol::acceptor acceptor(context, stream_protocol::endpoint(path.string()));
        proto::flush_client client(context, {path.string()});
        proto::flush_result result;
        proto::spawn(context, serve_one(acceptor), log, "server");
        proto::spawn(context, ask(client, result), log, "client");
        context.run();
        check(result.outcome == proto::flush_outcome::deny, "client and server in one io_context");
    }
    std::filesystem::remove_all(directory);
}

asio::awaitable<void> send_later(asio::io_context& context, int fd) {
    asio::steady_timer timer(context, std::chrono::milliseconds(5));
    co_await timer.async_wait(asio::use_awaitable);
    check(::send(fd, "x", 1, 0) == 1, "a byte is sent");
}

/// The library waits for a descriptor in the program's loop, which has something to say of it while
/// nobody waits; and an error of the library is compared with Asio's in the program.
asio::awaitable<void> read_slowly(asio::io_context& context, proto::file_descriptor mine,
                                  int theirs, proto::logger& log) {
    proto::deadline_list limits(context, std::chrono::seconds(5));
    proto::socket_connection client(context, std::move(mine), limits);
    asio::steady_timer timer(context);
    std::string input;
    for (int round = 0; round < 3; ++round) {
        proto::spawn(context, send_later(context, theirs), log, "sender");
        check(!co_await client.read_some(input), "and read");
        check(::send(theirs, "y", 1, 0) == 1, "another one is sent while nobody reads");
        timer.expires_after(std::chrono::milliseconds(5));
        co_await timer.async_wait(asio::use_awaitable);
        check(!co_await client.read_some(input), "and read later");
    }
    ::shutdown(theirs, SHUT_WR);
    check(co_await client.read_some(input) == asio::error::eof,
          "the end of the input is Asio's eof");
    check(input == "xyxyxy", "nothing is lost");
}

void share_a_loop() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "a pair of sockets");
    const proto::file_descriptor theirs(ends[1]);
    proto::logger log(nullptr);
    asio::io_context context(1);
    proto::spawn(context, read_slowly(context, proto::file_descriptor(ends[0]), theirs.get(), log),
                 log, "reader");
    context.run();
}

} // namespace

int main() {
    use_codec();
    use_table();
    catch_exception();
    ask_nobody();
    ask_in_own_loop();
    share_a_loop();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
