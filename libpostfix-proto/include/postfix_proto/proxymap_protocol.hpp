/// What proxymap(8) and its clients say to each other, without I/O (Postfix 3.7:
/// proxymap/proxymap.c, global/dict_proxy.c). Attribute lists in the NUL form:
///
///     server   protocol=proxymap_protocol          once, since Postfix 3.6
///     client   request=open table= flags=
///     server   status= flags=
///     client   request=lookup table= flags= key=
///     server   status= value=
///
/// Any number of requests may follow each other on a connection, each after the reply to the one
/// before.
#pragma once

#include "postfix_proto/attribute_scanner.hpp"
#include "postfix_proto/remote_table.hpp"
#include "postfix_proto/reply_decoder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// What the server announces.
inline constexpr std::string_view proxymap_protocol_name = "proxymap_protocol";

/// How a request went.
enum class proxymap_status : std::uint32_t {
    ok = 0,
    no_key = 1,
    retry = 2,  ///< the table fails for the time being
    bad = 3,    ///< the request is malformed
    deny = 4,   ///< the table is not in $proxy_read_maps
    config = 5, ///< the table is not in order
};

/// `table` is "type:name". It is opened as stock's lists open it.
[[nodiscard]] std::string encode_proxymap_open(std::string_view table);
/// Under stock's flags for lists: keys are not folded.
[[nodiscard]] std::string encode_proxymap_lookup(std::string_view table, std::string_view key);

/// The reply to one request, of which exactly the expected attributes in their order are taken.
/// Stays where it is: what it reads goes to its members.
class proxymap_reply {
public:
    /// To which request it is the reply.
    enum class expected { open, lookup };
    /// What feed() has come to.
    using progress = attribute_scanner::progress;

    /// No string in a reply is longer: more than any list of results, and a bound.
    static constexpr std::size_t string_limit = std::size_t{1} << 20U;

    /// For one reply.
    explicit proxymap_reply(expected what);
    proxymap_reply(const proxymap_reply&) = delete;
    proxymap_reply& operator=(const proxymap_reply&) = delete;

    /// Takes bytes from the front of `input` by way of the connection's decoder, which takes out
    /// the announcement. Once `complete` or `malformed`, make a new one.
    [[nodiscard]] progress feed(reply_decoder& from, std::string_view& input);

    /// Both are valid when `complete`.
    [[nodiscard]] std::uint32_t status() const noexcept {
        return static_cast<std::uint32_t>(status_);
    }
    /// expected::open: whether the table's keys are fixed, not patterns.
    [[nodiscard]] bool keys_are_fixed() const noexcept;
    /// expected::lookup.
    [[nodiscard]] const std::string& value() const noexcept { return value_; }

private:
    std::int32_t status_ = 0;
    std::int32_t flags_ = 0;
    std::string value_;
    attribute_scanner scanner_;
};

/// What the status of a reply, other than the two of an answered lookup, means for the lookup.
/// Unlike stock, whose process ends at `bad` and `deny`.
[[nodiscard]] lookup_result proxymap_failure(std::uint32_t status, std::string_view table);

} // namespace postfix_proto
