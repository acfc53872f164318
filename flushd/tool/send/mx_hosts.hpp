/// Looks up which hosts take the mail of domains.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace flushd::tool {

/// What the DNS says of some domains.
struct mx_answers {
    /// In lower case, without a dot at the end. Of a domain without MX records it is the domain
    /// itself; of one that takes no mail (RFC 7505) or does not exist, there is none.
    std::unordered_map<std::string, std::vector<std::string>> hosts;
    std::size_t unknown = 0; ///< domains for which there was no answer in time
};

struct mx_limits {
    std::chrono::seconds time = std::chrono::seconds(30); ///< for all of them
    std::size_t domains = 10'000;                         ///< others count as unknown
    std::size_t at_once = 16;
};

/// Asks the name servers of /etc/resolv.conf. What is no domain name, as an address in brackets, is
/// its own host.
[[nodiscard]] mx_answers find_mx_hosts(const std::vector<std::string>& domains,
                                       const mx_limits& limits = {});

/// The hosts in an answer of a name server to a question for MX records. False if it is none.
[[nodiscard]] bool parse_mx_answer(const unsigned char* bytes, std::size_t size,
                                   std::vector<std::string>& hosts);

} // namespace flushd::tool
