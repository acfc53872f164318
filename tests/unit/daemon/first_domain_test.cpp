#include "catch.hpp"
#include "queue_file.hpp"
#include "spool.hpp"

#include "flushd/daemon/first_domain.hpp"

#include <fstream>
#include <string>

using namespace flushd;

TEST_CASE("a listed message tells the site of a logfile") {
    const spool directory;
    const postfix_proto::queue_layout layout("", 1);
    const auto write = [](const char* path, const std::string& recipient) {
        auto message = queue_file(1, 2);
        const std::string usual = "user@customer.tld"; // as long, for the record
        message.replace(message.find(usual), usual.size(), recipient);
        std::ofstream(path) << message;
    };
    write("deferred/A1", "u@OTHER-shop.tld1");
    write("incoming/A2", "user@my-shop2.tld");
    const auto file = *logfile_name::from_site("my-shop2.tld");
    CHECK(first_domain("deferred/A1") == "other-shop.tld1");
    CHECK(site_of_messages("A0\nA1\nno ID!\nA2\n", file, layout) == "my-shop2.tld");
    CHECK(site_of_messages("A0\nA1\n", file, layout).empty());
    CHECK(site_of_messages("", file, layout).empty());
    CHECK(site_of_messages("A2", file, layout) == "my-shop2.tld");
    CHECK(first_domain("deferred/none").empty());
}
