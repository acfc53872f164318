/// Decodes the reply of a Postfix service to its client, with or without an announcement before it.
#pragma once

#include "postfix_proto/attribute_decoder.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// An attribute_decoder for clients, which checks and removes the service's announcement.
///
/// Since Postfix 3.6 a service speaks first, and names its protocol in a list of its own:
///
///     protocol NUL queue_flush_protocol NUL NUL
///
/// The client need not know the release of the service. Services up to 3.5 do not begin a list with
/// an attribute of that name, so a first list that does is the announcement (global/mail_proto.h,
/// 3.7; the same in 3.10). It need not wait for the announcement before it sends its request
/// either: the service writes the announcement before it begins to read, and the request waits in
/// the socket meanwhile.
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
    /// The service announced another protocol. The view is valid until the next call; the decoder
    /// must not be used further.
    struct wrong_protocol {
        std::string_view announced; ///< its name for it
    };

    /// The result of one step.
    using event =
        std::variant<need_more, name, value, end_of_list, too_long, malformed, wrong_protocol>;

    /// `protocol` is the name that the announcement must have; a literal.
    explicit reply_decoder(std::string_view protocol,
                           std::size_t string_limit = attribute_decoder::default_string_limit,
                           attribute_form form = attribute_form::nul) noexcept
        : attributes_(string_limit, form), protocol_(protocol) {}

    /// Consumes bytes from the front of `input` up to the next event. In the announcement,
    /// attributes after the name of the protocol are skipped.
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

/// Says for a person which protocol was announced and which was expected.
[[nodiscard]] std::string describe(const reply_decoder::wrong_protocol& wrong,
                                   std::string_view expected);

} // namespace postfix_proto
