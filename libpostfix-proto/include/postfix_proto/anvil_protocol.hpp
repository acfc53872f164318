/// Implements the protocol of the anvil(8) service on bytes and values, without I/O (anvil/anvil.c,
/// global/anvil_clnt.c, Postfix 3.7; the same from 3.5 to 3.10). Attribute lists in the plain form:
///
///     server   protocol=anvil_protocol                            once, since Postfix 3.6
///     client   request=connect ident=smtpd:192.0.2.1
///     server   status=0 count=1 rate=1
///     client   request=lookup ident=smtpd:192.0.2.1
///     server   status=0 count=1 rate=1 mail=0 rcpt=0 newtls=0 auth=0
///
/// The other requests are answered with status and rate, disconnect with the status only.
#pragma once

#include "postfix_proto/attribute_scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The name of the protocol, which the server announces.
inline constexpr std::string_view anvil_protocol_name = "anvil_protocol";

/// The event to report, or one of the two queries.
enum class anvil_request {
    connect,
    disconnect,
    message,
    recipient,
    new_tls,        ///< a TLS session that was not resumed
    new_tls_status, ///< asks for that rate
    auth,
    lookup, ///< asks for everything
};

/// The counts for one client of one service. Rates are counts since the last time unit
/// (anvil_rate_time_unit, 60 s) began, zero when it is over.
struct anvil_counts {
    std::int32_t connections = 0;     ///< at present
    std::int32_t connection_rate = 0; ///< also when zero connections are open
    std::int32_t message_rate = 0;    ///< messages handed in
    std::int32_t recipient_rate = 0;  ///< recipients named
    std::int32_t new_tls_rate = 0;    ///< TLS sessions that were not resumed
    std::int32_t auth_rate = 0;       ///< attempts to log in
};

/// `service` is the one that the client is connected to, as "smtp" or "10025"; `client` its
/// address. Control characters become `?`, as in stock Postfix.
[[nodiscard]] std::string encode(anvil_request what, std::string_view service,
                                 std::string_view client);

/// The reply to one request. It can be neither copied nor moved, because its scanner refers to its
/// members.
class anvil_reply {
public:
    /// For the answer to such a request.
    explicit anvil_reply(anvil_request what);
    anvil_reply(const anvil_reply&) = delete;
    anvil_reply& operator=(const anvil_reply&) = delete;

    /// The scanner to feed with the input from the service.
    [[nodiscard]] attribute_scanner& scanner() noexcept { return scanner_; }

    /// Says for a person what is wrong with a reply although its scanner is `complete`; empty if
    /// nothing.
    [[nodiscard]] std::string complaint() const;
    /// Those that the request asks for; all others are zero.
    [[nodiscard]] const anvil_counts& counts() const noexcept { return counts_; }

private:
    std::int32_t status_ = 0;
    anvil_counts counts_;
    std::size_t expected_;
    attribute_scanner scanner_;
};

} // namespace postfix_proto
