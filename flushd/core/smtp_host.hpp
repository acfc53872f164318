/// Names a host that is asked by ETRN.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flushd {

/// A host that is asked. Written as NAME, NAME:PORT, ADDRESS, ADDRESS:PORT or [IPV6-ADDRESS]:PORT.
struct smtp_host {
    std::string name; ///< an IPv6 address has no brackets
    std::uint16_t port = 25;

    /// As it is written, without the usual port.
    [[nodiscard]] std::string str() const;
    friend bool operator==(const smtp_host&, const smtp_host&) = default;
};

/// Appends the hosts of a list, separated by commas or blanks. Returns what is wrong with it, or
/// "".
[[nodiscard]] std::string add_hosts(std::string_view list, std::vector<smtp_host>& hosts);

} // namespace flushd
