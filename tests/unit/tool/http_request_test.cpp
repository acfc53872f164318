#include "catch.hpp"

#include "flushd/tool/metrics/http_answer.hpp"
#include "flushd/tool/metrics/http_request.hpp"

#include <string>
#include <string_view>

using namespace flushd::tool;
using state = http_request_reader::state;

namespace {

struct request_case {
    std::string_view name;
    std::string head;
    state expected;
    std::string_view method{};
    std::string_view path{};
};

const request_case cases[] = {
    {"of curl", "GET /metrics HTTP/1.1\r\nHost: localhost:9619\r\nAccept: */*\r\n\r\n",
     state::complete, "GET", "/metrics"},
    {"of HTTP/1.0 without any field", "GET /metrics HTTP/1.0\r\n\r\n", state::complete, "GET",
     "/metrics"},
    {"with a query", "GET /metrics?a=/b HTTP/1.1\r\nHost: a\r\n\r\n", state::complete, "GET",
     "/metrics"},
    {"of a proxy", "GET http://a.tld:9619/metrics HTTP/1.1\r\nHost: a\r\n\r\n", state::complete,
     "GET", "/metrics"},
    {"of a proxy, without a path", "GET http://a.tld HTTP/1.1\r\nHost: a\r\n\r\n", state::complete,
     "GET", "/"},
    {"another path", "GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n", state::complete, "GET",
     "/metrics/"},
    {"a method of one's own", "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", state::complete, "PURGE", "/"},
    {"with a body", "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
     state::complete, "POST", "/metrics"},
    {"of another protocol", "EHLO a.tld\r\n\r\n", state::malformed},
    {"TLS", {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15}, state::malformed},
    {"HTTP/0.9", "GET /metrics\r\n\r\n", state::malformed},
    {"a field without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", state::malformed},
    {"unfinished", "GET /metrics HTTP/1.1\r\nHost: a\r\n", state::incomplete},
    {"as long as it may be",
     "GET / HTTP/1.1\r\nX: " + std::string(http_request_reader::longest_head - 23, 'a') +
         "\r\n\r\n",
     state::complete, "GET", "/"},
    {"longer", "GET / HTTP/1.1\r\nX: " + std::string(http_request_reader::longest_head, 'a'),
     state::too_long},
};

} // namespace

TEST_CASE("an HTTP request is told by its first line, in whatever pieces it arrives") {
    for (const auto& one : cases) {
        CAPTURE(one.name);
        const bool is_long = one.head.size() > 1000;
        for (std::size_t split = 0; split <= one.head.size(); split += is_long ? 997 : 1) {
            CAPTURE(split);
            http_request_reader reader;
            static_cast<void>(reader.feed(one.head.substr(0, split)));
            CHECK(reader.feed(one.head.substr(split)) == one.expected);
            CHECK(reader.method() == one.method);
            CHECK(reader.path() == one.path);
        }
        if (is_long)
            continue;
        http_request_reader reader;
        for (const char byte : one.head)
            static_cast<void>(reader.feed({&byte, 1}));
        CHECK(reader.feed({}) == one.expected);
    }
}

TEST_CASE("only GET /metrics is for the metrics, and everybody else is told why not") {
    const auto first_line = [](const std::string& head) {
        http_request_reader reader;
        const auto read = reader.feed(head);
        if (asks_for_metrics(read, reader))
            return std::string("metrics");
        const auto text = refusal(read, reader);
        return text.substr(0, text.find('\r'));
    };
    CHECK(first_line("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") == "metrics");
    CHECK(first_line("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 404 Not Found");
    CHECK(first_line("GET /metrics/x HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 404 Not Found");
    CHECK(first_line("POST / HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 404 Not Found");
    for (const std::string method : {"HEAD", "POST", "PUT", "DELETE", "get"}) {
        CAPTURE(method);
        CHECK(first_line(method + " /metrics HTTP/1.1\r\nHost: a\r\n\r\n") ==
              "HTTP/1.1 405 Method Not Allowed");
    }
    CHECK(first_line("nonsense\r\n\r\n") == "HTTP/1.1 400 Bad Request");
    CHECK(first_line("GET / HTTP/1.1\r\nX: " + std::string(9000, 'a')) ==
          "HTTP/1.1 431 Request Header Fields Too Large");
}

TEST_CASE("an answer has the length of its text, and the type that Prometheus expects") {
    CHECK(metrics_answer("a 1\n") == "HTTP/1.1 200 OK\r\n"
                                     "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                                     "Content-Length: 4\r\nCache-Control: no-store\r\n"
                                     "X-Content-Type-Options: nosniff\r\n"
                                     "Connection: close\r\n\r\na 1\n");
    const auto none = no_metrics_answer("cannot read");
    CHECK(none.substr(0, none.find('\r')) == "HTTP/1.1 503 Service Unavailable");
    CHECK(none.find("\r\n\r\nNo metrics: cannot read\n") != std::string::npos);
}
