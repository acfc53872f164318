#include "flushd/core/smtp_host.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/domain_name.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace flushd {

using namespace postfix_proto;

namespace {

constexpr std::uint16_t smtp_port = 25;

bool is_ipv6_address(const std::string& text) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_host(const std::string& text) {
    in_addr address{};
    return is_valid_hostname(text) || is_ipv6_address(text) ||
           ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

std::optional<smtp_host> parse_host(std::string_view text) {
    smtp_host result;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos)
            return std::nullopt;
        result.name = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':')
            return std::nullopt;
    } else {
        const auto colon = text.find(':');
        const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
        result.name = text.substr(0, has_port ? colon : text.size());
        port = has_port ? text.substr(colon) : std::string_view();
    }
    if (!is_host(result.name))
        return std::nullopt;
    if (!port.empty()) {
        port.remove_prefix(1);
        const auto* const end = port.data() + port.size();
        const auto [rest, error] = std::from_chars(port.data(), end, result.port);
        if (error != std::errc() || rest != end || result.port == 0)
            return std::nullopt;
    }
    return result;
}

} // namespace

std::string smtp_host::str() const {
    if (port == smtp_port)
        return name;
    return is_ipv6_address(name) ? fmt::format("[{}]:{}", name, port)
                                 : fmt::format("{}:{}", name, port);
}

std::string add_hosts(std::string_view list, std::vector<smtp_host>& hosts) {
    while (const auto item = next_item(list)) {
        auto host = parse_host(*item);
        if (!host)
            return fmt::format(
                "not a host such as mx2.example, mx2.example:587 or [2001:db8::1]:25: {}", *item);
        if (std::find(hosts.begin(), hosts.end(), *host) == hosts.end())
            hosts.push_back(*std::move(host));
    }
    return {};
}

} // namespace flushd
