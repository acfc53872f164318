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

#include "postfix_proto/attribute_decoder.hpp"
#include "postfix_proto/remote_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

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

/// One list from the server, of which exactly the expected attributes in their order are taken.
class proxymap_reply_decoder {
public:
    enum class expected { announcement, open_reply, lookup_reply };
    enum class progress { need_more, complete, malformed };

    explicit proxymap_reply_decoder(expected what);

    /// Takes bytes from the front of `input`. Once `complete` or `malformed`, make a new one.
    [[nodiscard]] progress feed(std::string_view& input);

    /// Both are valid when `complete`, and not for the announcement.
    [[nodiscard]] std::uint32_t status() const noexcept { return status_; }
    /// open_reply: whether the table's keys are fixed, not patterns.
    [[nodiscard]] bool keys_are_fixed() const noexcept;
    /// lookup_reply.
    [[nodiscard]] const std::string& value() const noexcept { return value_; }

private:
    /// More than any list of results, and a bound.
    static constexpr std::size_t longest_value = std::size_t{1} << 20U;

    [[nodiscard]] bool take_value(std::string_view text);

    expected what_;
    attribute_decoder decoder_{longest_value};
    unsigned position_ = 0; // which attribute comes next
    std::uint32_t status_ = 0;
    std::uint32_t flags_ = 0;
    std::string value_;
};

/// What the status of a reply, other than the two of an answered lookup, means for the lookup.
/// Unlike stock, whose process ends at `bad` and `deny`.
[[nodiscard]] lookup_result proxymap_failure(std::uint32_t status, std::string_view table);

} // namespace postfix_proto
