#include "catch.hpp"

#include "flushd/core/keyed_hash.hpp"
#include "flushd/core/logfile_name.hpp"

#include <string>

using namespace flushd;

TEST_CASE("the hash is SipHash, as its authors print it") {
    // Key 00 01 ... 0f, input 00 01 ... of each length: vectors of the reference implementation.
    const sip_key key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    std::string input;
    CHECK(sip_hash<2, 4>(key, input) == 0x726fdb47dd0e0e31U);
    input += '\0';
    CHECK(sip_hash<2, 4>(key, input) == 0x74f839c593dc67fdU);
    while (input.size() < 15)
        input += static_cast<char>(input.size());
    CHECK(sip_hash<2, 4>(key, input) == 0xa129ca6149be45e5U);
}

TEST_CASE("what collides under the standard library's hash does not under ours") {
    const sip_key key{1, 2}, other{1, 3};
    CHECK(sip_hash<1, 3>(key, "customer_tld") != sip_hash<1, 3>(other, "customer_tld"));
    CHECK(sip_hash<1, 3>(key, "customer_tld") == sip_hash<1, 3>(key, "customer_tld"));
    // Of this process, whatever it is.
    CHECK(std::hash<logfile_name>{}(*logfile_name::from_name("customer_tld")) ==
          keyed_hash("customer_tld"));
    CHECK(keyed_hash("customer_tld") != std::hash<std::string>{}("customer_tld"));
    CHECK(keyed_hash("customer_tld") != sip_hash<1, 3>({}, "customer_tld")); // a key was drawn
}
