#include "catch.hpp"

#include "flushd/tool/metrics/listen_address.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <string>

using namespace flushd::tool;

TEST_CASE("an address to listen on is the loopback one unless another is given") {
    const auto parsed = [](std::string_view text) {
        const auto address = parse_listen_address(text);
        return address ? to_text(*address) : "not one";
    };
    CHECK(parsed("9619") == "127.0.0.1:9619");
    CHECK(parsed(":80") == "127.0.0.1:80");
    CHECK(parsed("localhost:9620") == "127.0.0.1:9620");
    CHECK(parsed("localhost") == "127.0.0.1:9619");
    CHECK(parsed("127.0.0.1:9619") == "127.0.0.1:9619");
    CHECK(parsed("0.0.0.0:1") == "0.0.0.0:1");
    CHECK(parsed("10.1.2.3") == "10.1.2.3:9619");
    CHECK(parsed("[::1]:9619") == "[::1]:9619");
    CHECK(parsed("[::1]") == "[::1]:9619");
    CHECK(parsed("::1") == "[::1]:9619");
    for (const char* text : {"", ":", ":x", "65536", ":-1", "127.0.0.1:", "127.0.0.1:70000",
                             "127.0.0.1:9619x", "mail.tld:9619", "mail.tld", "1.2.3.4.5:1", "[::1",
                             "[::1]x", "[::1]:", "[127.0.0.1]:1", "[]:1", "[mail]:1", " 9619"}) {
        CAPTURE(text);
        CHECK(parsed(text) == "not one");
    }
}

TEST_CASE("a port that is in use is reported, and a free one can be asked for") {
    listen_address address{"127.0.0.1", 0};
    const auto socket = listen_on(address);
    CHECK(address.port != 0);
    try {
        static_cast<void>(listen_on(address));
        FAIL("it listens twice");
    } catch (const tool_error& error) {
        CHECK(error.what() == "cannot listen on " + to_text(address) + ": Address already in use");
    }
}
