#include "catch.hpp"

#include "flushd/tool/send/etrn_request.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace flushd::tool;
using kind = etrn_answer::kind;

TEST_CASE("nothing secret is in curl's command line, and nothing of the environment counts") {
    const etrn_settings settings{"/usr/bin/curl", "me.example", "/etc/secret", tls_level::verify};
    const auto words = curl_arguments({"2001:db8::1", 26}, "customer.tld", settings);
    const auto has = [&](const std::string& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    CHECK(words[0] == "/usr/bin/curl");
    CHECK(words[1] == "--disable");
    CHECK(has("/etc/secret"));
    CHECK(has("--ssl-reqd"));
    CHECK_FALSE(has("--insecure"));
    CHECK(has("ETRN customer.tld"));
    CHECK(words.back() == "smtp://[2001:db8::1]:26/me.example");
    const auto plain = curl_arguments({"mx", 25}, "a.tld", {"curl", "me", "", tls_level::none});
    CHECK(std::count_if(plain.begin(), plain.end(), [](const std::string& word) {
              return word.starts_with("--ssl") || word == "--netrc-file";
          }) == 0);
}

TEST_CASE("each reply to ETRN has its meaning") {
    const std::pair<unsigned, kind> meanings[] = {
        {250, kind::accepted},        {251, kind::accepted},        {252, kind::accepted},
        {253, kind::accepted},        {421, kind::refused_for_now}, {451, kind::refused_for_now},
        {458, kind::refused_for_now}, {459, kind::refused},         {500, kind::refused},
        {501, kind::refused},         {502, kind::refused},         {530, kind::refused},
        {550, kind::refused},         {554, kind::refused},         {299, kind::accepted},
        {499, kind::refused_for_now}, {599, kind::refused}};
    for (const auto& [code, what] : meanings) {
        const auto answer = explain_reply(code, "as it says");
        CAPTURE(code);
        CHECK(answer.what == what);
        CHECK(answer.code == code);
        CHECK(answer.text.ends_with(" (" + std::to_string(code) + " as it says)"));
    }
}

TEST_CASE("the answer is found in what curl prints") {
    const std::string begin = "*   Trying 127.0.0.1:25...\n* Connected to mx (127.0.0.1) port 25\n"
                              "< 220 mx ESMTP\r\n> EHLO me\r\n< 250-mx\r\n< 250 ETRN\r\n";
    auto answer = read_conversation(begin + "> ETRN a.tld\r\n< 250 Queuing started\r\n"
                                            "> QUIT\r\n< 221 Bye\r\n");
    CHECK(answer.what == kind::accepted);
    CHECK(answer.text == "accepted (250 Queuing started)");
    answer = read_conversation(begin + "> ETRN a.tld\r\n< 459 <a.tld>: service unavailable\r\n"
                                       "* Command failed: 459\n> QUIT\r\n< 221 2.0.0 Bye\r\n"
                                       "curl: (56) Command failed: 459\n");
    CHECK(answer.what == kind::refused);
    CHECK(answer.code == 459);
    answer = read_conversation(begin + "> ETRN a.tld\r\n< 554-one\r\n< 554 two\r\n");
    CHECK(answer.text.ends_with("(554 one two)"));
    answer = read_conversation("< 554 mx no\r\ncurl: (8) weird server reply\n");
    CHECK(answer.what == kind::unreachable);
    CHECK(answer.text == "weird server reply (554 mx no)");
    answer = read_conversation("curl: (7) Failed to connect to mx port 25: Connection refused\n");
    CHECK(answer.text == "Failed to connect to mx port 25: Connection refused");
    for (const char* printed :
         {"", "<", "< 2", "< 25x y\n", "curl: (", "> ETRN a.tld\n", "> ETRN a.tld\n< 250-more\n"})
        CHECK(read_conversation(printed).what == kind::unreachable);
}
