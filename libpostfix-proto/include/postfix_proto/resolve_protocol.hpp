/// Implements the resolve request of the trivial-rewrite(8) service on bytes and values, without
/// I/O (trivial-rewrite/resolve.c, global/resolve_clnt.c, Postfix 3.7; the same from 3.5 to 3.11).
/// Attribute lists in the NUL form:
///
///     server   protocol=trivial_rewrite_protocol                   once, since Postfix 3.6
///     client   request=resolve sender=a@sender.tld address=b@customer.tld
///     server   flags=0 transport=relay nexthop=customer.tld recipient=b@customer.tld flags=2048
#pragma once

#include "postfix_proto/attribute_scanner.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The name of the protocol, which the server announces.
inline constexpr std::string_view resolve_protocol_name = "trivial_rewrite_protocol";

/// Where the mail for an address goes. The sender matters where transports depend on it; empty is
/// the mail system's own.
[[nodiscard]] std::string encode_resolve_query(std::string_view sender, std::string_view address);

/// The reply to one request. It can be neither copied nor moved, because its scanner refers to its
/// members.
class resolve_reply {
public:
    /// For one reply.
    resolve_reply();
    resolve_reply(const resolve_reply&) = delete;
    resolve_reply& operator=(const resolve_reply&) = delete;

    /// The scanner to feed with the input from the service.
    [[nodiscard]] attribute_scanner& scanner() noexcept { return scanner_; }

    /// Says for a person what is wrong with a reply although its scanner is `complete`; empty if
    /// nothing.
    [[nodiscard]] std::string complaint() const;

    /// The transport of master.cf.
    [[nodiscard]] const std::string& transport() const noexcept { return transport_; }
    /// What the transport is to connect to; empty for some.
    [[nodiscard]] const std::string& nexthop() const noexcept { return nexthop_; }
    /// The address as the transport gets it.
    [[nodiscard]] const std::string& recipient() const noexcept { return recipient_; }

private:
    std::int32_t server_flags_ = 0;
    std::string transport_, nexthop_, recipient_;
    std::int32_t flags_ = 0;
    attribute_scanner scanner_;
};

} // namespace postfix_proto
