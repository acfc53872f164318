/// Holds the result of one table lookup.
#pragma once

#include <string>
#include <utility>

namespace postfix_proto {

/// The result of a lookup.
struct lookup_result {
    /// The ways it can end.
    enum class status {
        found,     ///< the key is there
        not_found, ///< it is not
        failed,    ///< the table could not tell, now: try again later
        unanswered ///< from lookup_table::find_given() only: a question has to be answered first
    };

    status outcome = status::not_found; ///< which of them
    std::string text; ///< found: the value; failed: the reason, for a log line; else empty

    /// The key is there, and this is its value.
    [[nodiscard]] static lookup_result found(std::string value) {
        return {status::found, std::move(value)};
    }
    /// The key is not there.
    [[nodiscard]] static lookup_result not_found() { return {}; }
    /// The lookup failed; `reason` is for a log line.
    [[nodiscard]] static lookup_result failed(std::string reason) {
        return {status::failed, std::move(reason)};
    }
    /// Another process has to be asked first.
    [[nodiscard]] static lookup_result unanswered() { return {status::unanswered, {}}; }
    bool operator==(const lookup_result&) const = default;
};

} // namespace postfix_proto
