#include "catch.hpp"

#include "flushd/core/smtp_host.hpp"

#include <string>
#include <vector>

using namespace flushd;

namespace {

std::string complaint_about(const std::string& list) {
    std::vector<smtp_host> hosts;
    return add_hosts(list, hosts);
}

} // namespace

TEST_CASE("hosts are named in the usual ways") {
    std::vector<smtp_host> hosts;
    CHECK(add_hosts("mx2.example, mx3.example:587 192.0.2.1:2525,[2001:db8::1]:26,2001:db8::2,"
                    "[2001:db8::3],[192.0.2.2]",
                    hosts)
              .empty());
    CHECK(add_hosts("mx2.example,mx2.example:25", hosts).empty());
    CHECK(hosts == std::vector<smtp_host>{{"mx2.example", 25},
                                          {"mx3.example", 587},
                                          {"192.0.2.1", 2525},
                                          {"2001:db8::1", 26},
                                          {"2001:db8::2", 25},
                                          {"2001:db8::3", 25},
                                          {"192.0.2.2", 25}});
    CHECK(hosts[0].str() == "mx2.example");
    CHECK(hosts[1].str() == "mx3.example:587");
    CHECK(hosts[3].str() == "[2001:db8::1]:26");
    CHECK(hosts[4].str() == "2001:db8::2");
    for (const char* wrong : {"mx..example", "mx:", "mx:0", "mx:65536", "mx:25x", "[::1", "[::1]25",
                              "user@mx", "smtp://mx", "-x", "mx/path"})
        CHECK(complaint_about(wrong).find(wrong) != std::string::npos);
}
