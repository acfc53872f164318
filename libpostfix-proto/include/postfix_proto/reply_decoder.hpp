/// Decodes the reply of a Postfix service to its client, with or without an announcement before it.
#pragma once

#include "postfix_proto/attribute_decoder.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// An attribute_decoder for the client's side: a service's announcement is checked and taken out.
///
/// Since Postfix 3.6 a service speaks first, and names its protocol in a list of its own:
///
///     protocol NUL queue_flush_protocol NUL NUL
///
/// A client need not know the version. Services up to 3.5 do not begin a list with an attribute of
/// that name, so a first list that does is the announcement (global/mail_proto.h, 3.7; the same in
/// 3.10). Nor need it wait for the announcement before it sends its request: the service has it
/// written before it begins to read, and keeps what has come in the meantime.
class reply_decoder {
public:
    /// The input is used up.
    using need_more = attribute_decoder::need_more;
    /// Of an attribute.
    using name = attribute_decoder::name;
    /// Of the attribute named last.
    using value = attribute_decoder::value;
    /// Not the announcement's.
    using end_of_list = attribute_decoder::end_of_list;
    /// The decoder must not be used further.
    using too_long = attribute_decoder::too_long;
    /// Likewise.
    using malformed = attribute_decoder::malformed;
    /// The service speaks another protocol. The view is valid until the next call; the decoder must
    /// not be used further.
    struct wrong_protocol {
        std::string_view announced; ///< its name for it
    };

    /// One of these at a time.
    using event =
        std::variant<need_more, name, value, end_of_list, too_long, malformed, wrong_protocol>;

    /// `protocol` is the name that the announcement must have; a literal.
    explicit reply_decoder(std::string_view protocol,
                           std::size_t string_limit = attribute_decoder::default_string_limit,
                           attribute_form form = attribute_form::nul) noexcept
        : attributes_(string_limit, form), protocol_(protocol) {}

    /// Takes bytes from the front of `input` until there is something to report. What follows the
    /// protocol's name in the announcement is skipped.
    event next(std::string_view& input);

    /// As attribute_decoder's, after a name.
    void skip_value() noexcept { attributes_.skip_value(); }
    /// See attribute_decoder::expect_name().
    void expect_name() noexcept { attributes_.expect_name(); }

    /// As given to the constructor.
    [[nodiscard]] attribute_form form() const noexcept { return attributes_.form(); }
    /// The name that is expected.
    [[nodiscard]] std::string_view protocol() const noexcept { return protocol_; }

private:
    enum class state { start, protocol_name, announcement, open };

    attribute_decoder attributes_;
    std::string_view protocol_;
    state state_ = state::start;
};

/// For a person: which protocol was announced, and which was expected.
[[nodiscard]] std::string describe(const reply_decoder::wrong_protocol& wrong,
                                   std::string_view expected);

} // namespace postfix_proto
