/// Builds the failures that all clients report, in the same words. Private to the library.
#pragma once

#include "postfix_proto/service_connection.hpp"
#include "postfix_proto/turns.hpp"

#include <boost/system/error_code.hpp>

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace postfix_proto {

/// The failures of a step that was interrupted. `step` is connect, write, read, wait (for a turn),
/// or request.
inline service_failure timed_out_failure(std::string_view step, std::string_view path) {
    return {service_failure::reason::timed_out, fmt::format("{} timeout on {}", step, path)};
}

inline service_failure cancelled_failure(std::string_view step, std::string_view path) {
    return {service_failure::reason::cancelled, fmt::format("{} cancelled on {}", step, path)};
}

inline service_failure client_closed_failure(std::string_view step, std::string_view path) {
    return {service_failure::reason::client_closed,
            fmt::format("{} given up on {}: the client was closed", step, path)};
}

/// The failure of a request that is refused a turn.
inline service_failure no_turn_failure(turns::refusal why, std::string_view path) {
    switch (why) {
    case turns::refusal::too_many:
        return {service_failure::reason::too_many,
                fmt::format("too many requests wait for {}", path)};
    case turns::refusal::timed_out:
        return timed_out_failure("wait", path);
    case turns::refusal::sent_away:
        return client_closed_failure("wait", path);
    case turns::refusal::cancelled:
        break;
    }
    return cancelled_failure("wait", path);
}

/// The failure for an error that occurred when a service's socket or FIFO was opened.
inline service_failure connect_failure(const boost::system::error_code& error,
                                       std::string_view path) {
    using reason = service_failure::reason;
    namespace errc = boost::system::errc;
    const auto text = fmt::format("connect to {}: {}", path, error.message());
    if (error == errc::permission_denied || error == errc::operation_not_permitted)
        return {reason::forbidden, text};
    if (error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
        error == errc::no_buffer_space || error == errc::not_enough_memory)
        return {reason::out_of_resources, text};
    return {reason::unreachable, fmt::format("mail system is down ({})", text)};
}

/// The time `limit` from now. A limit of a year or more means no limit, for the sum could overflow.
inline std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds limit) {
    using clock = std::chrono::steady_clock;
    constexpr std::chrono::hours longest_limit{24 * 365};
    return limit < longest_limit ? clock::now() + limit : clock::time_point::max();
}

} // namespace postfix_proto
