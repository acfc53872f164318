/// Implements the protocol between proxymap(8) and its clients, without I/O (Postfix 3.7 and 3.11:
/// proxymap/proxymap.c, global/dict_proxy.c). Attribute lists in the NUL form:
///
///                                                  until Postfix 3.10
///     server   protocol=proxymap_protocol          once, since Postfix 3.6
///     client   request=open table= flags=
///     server   status= flags=
///     client   request=lookup table= flags= key=
///     server   status= value=
///
///                                                  since Postfix 3.11
///     server   protocol=proxymap_protocol
///     client   request=open table= instance_flags=
///     server   status= flags=
///     client   request=lookup table= instance_flags= flags= key=
///     server   status= flags= value=
///
/// In the newer form the server uses the flags of a lookup as the flags of the table, so they must
/// be those of its last reply. Any number of requests may follow each other on a connection, each
/// after the reply to the previous one.
#pragma once

#include "postfix_proto/attribute_scanner.hpp"
#include "postfix_proto/mail_version.hpp"
#include "postfix_proto/remote_question.hpp"
#include "postfix_proto/reply_decoder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The name of the protocol, which the server announces.
inline constexpr std::string_view proxymap_protocol_name = "proxymap_protocol";

/// The two forms of the protocol. A server treats a request in the other form as bad, or closes the
/// connection.
enum class proxymap_form {
    table_flags,    ///< until 3.10
    instance_flags, ///< since 3.11 (release_trait::proxymap_instance_flags)
};

/// The form of that release.
[[nodiscard]] proxymap_form proxymap_form_of(mail_version version);

/// How a request went.
enum class proxymap_status : std::uint32_t {
    ok = 0,
    no_key = 1,
    retry = 2,  ///< the table fails for the time being
    bad = 3,    ///< the request is malformed
    deny = 4,   ///< the table is not in $proxy_read_maps
    config = 5, ///< the table is not in order
};

/// `table` is "type:name". It is opened as the match lists of stock Postfix open it.
[[nodiscard]] std::string encode_proxymap_open(std::string_view table, proxymap_form form);
/// Uses the flags of stock Postfix for match lists: keys are not folded. `table_flags` are the
/// flags in the last reply for this table, to its opening or to a lookup; only the newer form sends
/// it.
[[nodiscard]] std::string encode_proxymap_lookup(std::string_view table, std::string_view key,
                                                 proxymap_form form, std::uint32_t table_flags);

/// The reply to one request, of which exactly the expected attributes in their order are taken. It
/// can be neither copied nor moved, because its scanner refers to its members.
class proxymap_reply {
public:
    /// To which request it is the reply.
    enum class expected { open, lookup };
    /// The result of feed().
    using progress = attribute_scanner::progress;

    /// The limit of any string in a reply, longer than any list of results.
    static constexpr std::size_t string_limit = std::size_t{1} << 20U;

    /// For one reply.
    proxymap_reply(expected what, proxymap_form form);
    proxymap_reply(const proxymap_reply&) = delete;
    proxymap_reply& operator=(const proxymap_reply&) = delete;

    /// Takes bytes from the front of `input` by way of the connection's decoder, which takes out
    /// the announcement. Once `complete` or `malformed`, make a new one.
    [[nodiscard]] progress feed(reply_decoder& from, std::string_view& input);

    /// All are valid when `complete`.
    [[nodiscard]] std::uint32_t status() const noexcept {
        return static_cast<std::uint32_t>(status_);
    }
    /// Those of the table (util/dict.h); not in a lookup's reply in the older form.
    [[nodiscard]] std::uint32_t table_flags() const noexcept {
        return static_cast<std::uint32_t>(flags_);
    }
    /// expected::lookup.
    [[nodiscard]] const std::string& value() const noexcept { return value_; }

    /// What is wrong with a `malformed` reply, for a person.
    [[nodiscard]] const std::string& reason() const noexcept { return scanner_.reason(); }

private:
    std::int32_t status_ = 0;
    std::int32_t flags_ = 0;
    std::string value_;
    attribute_scanner scanner_;
};

/// Whether a table with these flags has fixed keys, not patterns.
[[nodiscard]] bool proxymap_keys_are_fixed(std::uint32_t table_flags);

/// Whether a reply with this status is about an open table, so that its flags are the table's. With
/// another one they are 0.
[[nodiscard]] bool proxymap_table_is_open(std::uint32_t status);

/// What the status of a reply, other than the two of an answered lookup, means for the lookup.
/// Unlike in stock Postfix, whose process ends at `bad` and `deny`.
[[nodiscard]] lookup_result proxymap_failure(std::uint32_t status, std::string_view table);

} // namespace postfix_proto
