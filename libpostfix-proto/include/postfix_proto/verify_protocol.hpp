/// Implements the protocol of the verify(8) service on bytes and values, without I/O
/// (verify/verify.c, global/verify_clnt.c, Postfix 3.7; the same from 3.5 to 3.10). Attribute lists
/// in the NUL form:
///
///     server   protocol=address_verification_prrotocol            once, since Postfix 3.6
///     client   request=query address=user@customer.tld
///     server   status=0 recipient_status=3 reason=Address verification in progress
///     client   request=update address=user@customer.tld recipient_status=0 reason=...
///     server   status=0
#pragma once

#include "postfix_proto/attribute_scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The name of the protocol, which the server announces, in Postfix's spelling.
inline constexpr std::string_view verify_protocol_name = "address_verification_prrotocol";

/// The status of an address (global/deliver_request.h).
enum class address_status : std::int32_t {
    deliverable = 0,
    deferred = 1,      ///< could not be told yet: the probe was deferred
    undeliverable = 2, ///< the probe bounced
    unknown = 3,       ///< nothing yet, a probe is sent
};

/// Also makes the service send a probe when it knows nothing, or nothing recent.
[[nodiscard]] std::string encode_verify_query(std::string_view address);
/// Encodes the result of a probe, as a delivery agent reports it; not `unknown`. A deliverable
/// address stays so until its entry expires, whatever is reported later.
[[nodiscard]] std::string encode_verify_update(std::string_view address, address_status status,
                                               std::string_view reason);

/// The reply to one request. It can be neither copied nor moved, because its scanner refers to its
/// members.
class verify_reply {
public:
    /// To which request it is the reply.
    enum class expected { query, update };

    /// For one reply.
    explicit verify_reply(expected what);
    verify_reply(const verify_reply&) = delete;
    verify_reply& operator=(const verify_reply&) = delete;

    /// The scanner to feed with the input from the service.
    [[nodiscard]] attribute_scanner& scanner() noexcept { return scanner_; }

    /// Says for a person what is wrong with a reply although its scanner is `complete`; empty if
    /// nothing.
    [[nodiscard]] std::string complaint() const;

    /// expected::query.
    [[nodiscard]] address_status status() const noexcept {
        return static_cast<address_status>(address_status_);
    }
    /// Likewise; for a person, and empty when nothing is known.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    std::int32_t status_ = 0;
    std::int32_t address_status_ = 0;
    std::string reason_;
    std::size_t expected_;
    attribute_scanner scanner_;
};

} // namespace postfix_proto
