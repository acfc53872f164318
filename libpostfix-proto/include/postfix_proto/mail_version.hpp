/// The version of a Postfix, as its parameter mail_version tells it.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace postfix_proto {

/// What decides which protocol a Postfix speaks: stable releases are `major.minor.patch`, snapshots
/// `major.minor-date` (global/mail_version.c, Postfix 3.7). A snapshot compares equal to the
/// release that it leads to, since it already speaks that release's protocol.
struct mail_version {
    int major = 0; ///< 3 in "3.7.11"
    int minor = 0; ///< 7 in "3.7.11"

    friend auto operator<=>(const mail_version&, const mail_version&) = default;
};

/// Since this version a server announces its protocol before the client sends its request.
inline constexpr mail_version first_with_protocol_announcement{3, 6};

/// Since this version a line of a file that a domain list or another match list names goes on in
/// the next one when that starts with white space (util/match_list.c, 3.7 and 3.8).
inline constexpr mail_version first_with_logical_lines_in_lists{3, 8};

/// Parses `3.7.11`, `3.12-20260821`, `3.9.0-RC1`; what follows the minor number is not looked at as
/// long as a dot or a hyphen sets it off. Nothing is returned for anything else.
[[nodiscard]] std::optional<mail_version> parse_mail_version(std::string_view text);

} // namespace postfix_proto
