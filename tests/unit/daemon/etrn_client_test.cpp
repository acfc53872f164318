#include "catch.hpp"
#include "fake_smtp_server.hpp"

#include "flushd/daemon/etrn_client.hpp"

#include "postfix_proto/run_blocking.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace flushd;
using namespace postfix_proto;
using asio::ip::tcp;

namespace {

/// What comes of a request to such a server: the reply, or "error: " and the reason.
std::string outcome_at(const tcp::endpoint& host, asio::io_context& context,
                       std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    const auto result = run_until_done(
        context, request_by_etrn(context, {host, "mx", "me.example", "customer.tld"}, end));
    return result ? result->str() : "error: " + result.error();
}

std::string outcome_with(fake_smtp_server::answers answer,
                         std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    asio::io_context context(1);
    const fake_smtp_server server(context, std::move(answer));
    return outcome_at(server.endpoint(), context, limit);
}

/// A server as usual, but for what it says to a line that begins so.
fake_smtp_server::answers saying(const std::string& text, const std::string& to) {
    return [=](const std::string& line) {
        return line.starts_with(to) ? text : fake_smtp_server::usual(line);
    };
}

/// The replies in the bytes that come one at a time, as code:text; "?" at what is none.
std::string replies_in(const std::string& bytes) {
    std::string input, result;
    for (const char byte : bytes) {
        input += byte;
        const auto reply = take_reply(input);
        if (!reply)
            continue;
        if (!*reply)
            return result + "?";
        result += std::to_string((*reply)->code) + ":" + (*reply)->text + ";";
    }
    return result;
}

} // namespace

TEST_CASE("an SMTP reply is taken whole, whatever pieces it comes in") {
    CHECK(replies_in("220 a\r\n250-b\r\n250-c\r\n250 d\r\n") == "220:a;250:b c d;");
    CHECK(replies_in("250\r\n250 \r\n250-\r\n250 x\n") == "250:;250:;250:x;");
    CHECK(replies_in("250-only one") == "");
    for (const char* wrong : {"\r\n", "25\r\n", "25x ok\r\n", "250_ok\r\n", "HTTP/1.1 400\r\n",
                              "250-a\r\nx\r\n", " 250 a\r\n"})
        CHECK(replies_in(wrong) == "?");
    CHECK(replies_in("250 a" + std::string(2000, 'x') + "\r\n").size() == 300 + 5);
    CHECK(replies_in(std::string(3000, '2')) == "?");
    std::string endless;
    for (int line = 0; line < 10000; ++line)
        endless += "250-more\r\n";
    CHECK(replies_in(endless) == "?");
}

TEST_CASE("ETRN is sent after EHLO, and the conversation ends with QUIT") {
    asio::io_context context(1);
    const fake_smtp_server server(context);
    CHECK(outcome_at(server.endpoint(), context) == "250 Queuing started");
    CHECK(server.heard == std::vector<std::string>{"EHLO me.example", "ETRN customer.tld", "QUIT"});
}

TEST_CASE("ETRN works over IPv6") {
    asio::io_context context(1);
    try {
        const fake_smtp_server server(context, fake_smtp_server::usual,
                                      {asio::ip::address_v6::loopback(), 0});
        CHECK(outcome_at(server.endpoint(), context) == "250 Queuing started");
    } catch (const boost::system::system_error& error) {
        WARN("no IPv6 here: " << error.what());
    }
}

TEST_CASE("any answer to ETRN is a result, and any other refusal a failure") {
    CHECK(outcome_with(saying("458 Unable to queue\r\n", "ETRN")) == "458 Unable to queue");
    CHECK(outcome_with(saying("554-no\r\n554 never\r\n", "ETRN")) == "554 no never");
    CHECK(outcome_with(saying("554 go away\r\n", "CONNECT")) ==
          "error: mx said: 554 go away (greeting)");
    CHECK(outcome_with(saying("502 no\r\n", "EHLO")) == "error: mx said: 502 no (EHLO)");
}

TEST_CASE("a host that makes no sense, or leaves, is reported") {
    CHECK(outcome_with(saying("hello\r\n", "CONNECT")) ==
          "error: mx: its reply is not SMTP (greeting)");
    CHECK(outcome_with(saying(std::string(100'000, 'x'), "EHLO")) ==
          "error: mx: a line of its reply is too long (EHLO)");
    for (const std::string verb : {"CONNECT", "EHLO", "ETRN"}) {
        const auto name = verb == "CONNECT" ? "greeting" : verb;
        const auto leaving = [&](const std::string& line) {
            return line.starts_with(verb) ? std::nullopt : fake_smtp_server::usual(line);
        };
        CHECK(outcome_with(leaving) == "error: lost connection with mx (" + name + ")");
        CHECK(outcome_with(saying("", verb), std::chrono::milliseconds(200)) ==
              "error: mx timed out (" + name + ")");
    }
    asio::io_context context(1);
    const auto nobody = fake_smtp_server(context).endpoint();
    context.stop(); // with it the acceptor's coroutine
    asio::io_context another(1);
    CHECK(outcome_at(nobody, another).starts_with("error: connect to mx: "));
}

TEST_CASE("a host that does not say good-bye does not take the answer away") {
    CHECK(outcome_with(saying("", "QUIT")) == "250 Queuing started");
    CHECK(outcome_with([](const std::string& line) {
              return line == "QUIT" ? std::nullopt : fake_smtp_server::usual(line);
          }) == "250 Queuing started");
}
