/// Defines the queue ID, which is also the name of a queue file.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The longest name of a queue file or of a flush logfile, in bytes (Postfix: VALID_HOSTNAME_LEN,
/// because a logfile is named after a domain).
inline constexpr std::size_t queue_file_name_limit = 255;

/// True for 1 to 255 ASCII letters, digits and underscores: what Postfix takes for a queue ID or
/// for the name of a flush logfile (mail_queue_id_ok(), Postfix 3.7). Such a name cannot leave its
/// directory.
[[nodiscard]] bool is_queue_file_name(std::string_view name) noexcept;

/// The ID of a queued message: "4Wkq2T3cz1z2Lw" or "9B01F20A3C". Only parse() makes one, so a
/// queue_id is always safe to build a path from.
class queue_id {
public:
    /// Nothing unless is_queue_file_name() is true of the text.
    [[nodiscard]] static std::optional<queue_id> parse(std::string_view text);

    /// The ID as Postfix writes it; valid as long as this object.
    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    friend auto operator<=>(const queue_id&, const queue_id&) = default;

private:
    explicit queue_id(std::string_view text) : text_(text) {}
    std::string text_;
};

} // namespace postfix_proto

/// So that queue IDs can be keys of unordered containers.
template <>
struct std::hash<postfix_proto::queue_id> {
    /// The hash of its text.
    std::size_t operator()(const postfix_proto::queue_id& id) const noexcept {
        return std::hash<std::string>{}(id.str());
    }
};
