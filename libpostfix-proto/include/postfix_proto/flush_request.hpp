/// Implements the protocol of the flush(8) service on bytes and values, without I/O.
///
/// A client connects to `public/flush` and makes one request per connection (mail_flush.h,
/// flush_clnt.c and flush.c, Postfix 3.7):
///
///     server: protocol NUL queue_flush_protocol NUL NUL              since Postfix 3.6 only
///     client: request NUL add NUL site NUL example.com NUL queue_id NUL 9B01F20A3C NUL NUL
///     server: status NUL 0 NUL NUL
///
/// master(8) wakes the service with `W NUL` instead of an attribute list.
#pragma once

#include "postfix_proto/attribute_decoder.hpp"
#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/reply_decoder.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// The name of the protocol, which the server announces.
inline constexpr std::string_view flush_protocol_name = "queue_flush_protocol";

/// The service's answers. On the wire -1 is 4294967295.
enum class flush_status : std::int32_t {
    ok = 0,    ///< done, or for refresh and purge begun
    fail = -1, ///< the service could not do it; the client may try later
    bad = 3,   ///< the request was malformed
    deny = 4,  ///< the site is not eligible
};

/// Lists a message as deferred for a site.
struct add_request {
    std::string site; ///< a domain or [address], as the delivery agent has it
    queue_id id;      ///< of the message
};
/// Requests delivery of the messages listed for a site.
struct send_site_request {
    std::string site; ///< as above
};
/// Requests delivery of one message.
struct send_file_request {
    queue_id id; ///< of the message
};
/// Housekeeping: refresh logfiles that were not read in fast_flush_refresh_time. Also what
/// master(8)'s wakeup asks for.
struct refresh_request {};
/// The same for all logfiles, whatever their age.
struct purge_request {};

/// Any of them.
using flush_request =
    std::variant<add_request, send_site_request, send_file_request, refresh_request, purge_request>;

/// The list that the server sends first, since Postfix 3.6.
[[nodiscard]] std::string flush_announcement();
/// Encodes the whole answer.
[[nodiscard]] std::string encode(flush_status status);
/// Encodes the whole request. See attribute_encoder about NUL bytes in a site.
[[nodiscard]] std::string encode(const flush_request& request);

/// The server's side of one request.
class flush_request_decoder {
public:
    /// Answered with flush_status::bad.
    struct malformed {
        std::string reason; ///< for a log line
    };
    /// A well-formed request with a name that the service does not know: Postfix closes the
    /// connection without an answer.
    struct unknown {
        std::string name; ///< as the client gave it
    };
    /// The request, or the reason why there is none.
    using result = std::variant<flush_request, malformed, unknown>;

    /// Consumes bytes, and returns the result once it is known. As in Postfix, `rfrsh` and `purge`
    /// take effect as soon as the name of the request has arrived, and a bad list is rejected at
    /// its first bad name. An attribute after all that are needed ends the list with a remark.
    ///
    /// The first call decides between the two forms, as the first read does in Postfix: at most two
    /// bytes are a NUL-terminated trigger, more is an attribute list.
    [[nodiscard]] std::optional<result> feed(std::string_view bytes);

    /// Returns the result when the client sends no more.
    [[nodiscard]] result end_of_input();

    /// Says for the log what was wrong with a request that was accepted nevertheless; else empty.
    [[nodiscard]] const std::string& remark() const noexcept { return remark_; }

private:
    enum class state { start, trigger, request_name, request_value, arguments };

    std::optional<result> select_request(std::string_view name);
    std::optional<result> take_name(std::string_view name);
    std::optional<result> take_value(std::string_view value);
    result finish();

    attribute_decoder attributes_;
    state state_ = state::start;
    std::string trigger_;
    std::string request_;
    std::span<const std::string_view> expected_; // names of the attributes still to come, in order
    std::string site_;
    std::string queue_id_;
    std::string remark_;
};

/// The client's side: the answer to one request, from a server of any version.
class flush_reply_decoder {
public:
    /// Not an answer of this service.
    struct malformed {
        std::string reason; ///< for a person
    };
    /// The answer, or why there is none.
    using result = std::variant<flush_status, malformed>;

    /// Consumes bytes, and returns the answer once it is known. As in Postfix, attributes after the
    /// status are harmless.
    [[nodiscard]] std::optional<result> feed(std::string_view bytes);

private:
    reply_decoder lists_{flush_protocol_name};
    std::optional<flush_status> status_;
};

} // namespace postfix_proto
