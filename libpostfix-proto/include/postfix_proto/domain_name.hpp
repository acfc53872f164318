/// Validates host names and address literals, and converts internationalised domain names to ASCII.
#pragma once

#include "postfix_proto/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Limits in bytes, RFC 1035 as Postfix applies it (3.7: util/valid_hostname.h).
inline constexpr std::size_t max_hostname_length = 255;
inline constexpr std::size_t max_label_length = 63; ///< the same for what is between two dots

/// Whether the name is a host name to Postfix (3.7: util/valid_hostname.c): labels of ASCII
/// letters, digits, `_` and inner `-`, joined by single dots, at least one byte that is not a digit
/// or a dot. A dot at the end is refused. A name of one label is valid.
[[nodiscard]] bool is_valid_hostname(std::string_view name) noexcept;

/// Whether the text is an address in brackets as RFC 5321, 4.1.3 has it: `[192.0.2.1]` or
/// `[IPv6:2001:db8::1]`, the prefix in any case, no leading zeros in the IPv4 form.
[[nodiscard]] bool is_address_literal(std::string_view text) noexcept;

/// Converts a domain name to ASCII as the mail system's own names are (UTS #46; Postfix 3.7:
/// util/midna_domain.c). A name in ASCII is lower-cased and its A-labels are checked.
///
/// Opens its tables once, so construct it before a chroot. Conversions are const and thread-safe.
class domain_to_ascii {
public:
    /// How names are mapped.
    struct options {
        /// enable_idna2003_compatibility: map deviation characters away ("ß" to "ss") instead of
        /// encoding them. ICU 76 and later no longer do, in Postfix as little as here.
        bool transitional = false;
    };

    domain_to_ascii() : domain_to_ascii(options{}) {}
    /// Throws startup_error when ICU cannot be set up.
    explicit domain_to_ascii(options chosen);

    /// The name in lower case, which passes is_valid_hostname(); or why there is none, for a log
    /// line. Address literals fail: see is_address_literal().
    [[nodiscard]] result<std::string, std::string> operator()(std::string_view domain) const;

private:
    struct closer {
        void operator()(void* idna) const noexcept;
    };
    std::unique_ptr<void, closer> idna_; // a UIDNA, whose header stays in the source file
};

} // namespace postfix_proto
