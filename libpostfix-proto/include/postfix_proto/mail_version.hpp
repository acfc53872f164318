/// Parses the version of Postfix, as given by its parameter mail_version.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace postfix_proto {

/// What decides which protocol a Postfix speaks, see release_traits.hpp. Stable releases are
/// `major.minor.patch`, snapshots `major.minor-date` (global/mail_version.c, Postfix 3.7). A
/// snapshot compares equal to the release that it leads to, since it speaks that release's protocol
/// already, or soon.
struct mail_version {
    int major = 0; ///< 3 in "3.7.11"
    int minor = 0; ///< 7 in "3.7.11"

    friend auto operator<=>(const mail_version&, const mail_version&) = default;
};

/// Parses `3.7.11`, `3.12-20260821`, `3.9.0-RC1`; what follows the minor number is not looked at as
/// long as a dot or a hyphen sets it off. Nothing is returned for anything else.
[[nodiscard]] std::optional<mail_version> parse_mail_version(std::string_view text);

} // namespace postfix_proto
