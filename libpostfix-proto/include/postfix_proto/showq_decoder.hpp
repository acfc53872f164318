/// Decodes the list of all queued mail that showq(8) sends, without I/O.
///
/// A client connects to `public/showq`, sends nothing, and reads until the end of the list. Each
/// message is an attribute list; an empty list ends the listing (showq/showq.c, Postfix 3.5 to
/// 3.11):
///
///     protocol=mail_queue_list_protocol                     since Postfix 3.6
///     queue_name= queue_id= time= size= forced_expire= sender=
///         recipient= reason=                                 any number of times, also none; since
///                                                            Postfix 3.11 original_recipient=
///                                                            recipient= log_class= reason=
///     (the next message)
///     (empty list)
///
/// forced_expire is there since 3.5. Since 3.11 recipients that have bounced are listed, too, until
/// the notice about them is sent: their class is `bounce`.
#pragma once

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/reply_decoder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// A message, without its recipients. Addresses and reasons are as the service sends them: quoted
/// as in SMTP, in UTF-8 where SMTPUTF8 is enabled. The service replaces control characters, but a
/// program that shows them on a terminal should not rely on that.
struct queued_message {
    std::string queue_name;        ///< maildrop, active, incoming, deferred or hold
    queue_id id;                   ///< as postqueue -p shows it
    std::int64_t arrival_time = 0; ///< seconds since 1970
    std::int64_t size = 0;         ///< bytes of the content; in maildrop, of the file
    bool forced_expire = false;    ///< postsuper -e: will be returned at the next attempt
    std::string sender;            ///< $empty_address_recipient (MAILER-DAEMON) for the empty one
};

/// A recipient whose delivery is still pending. A recipient may be listed twice when the message is
/// being deferred at that moment, or has more than $duplicate_filter_limit recipients.
struct queued_recipient {
    std::string address;   ///< see queued_message about its form
    std::string reason;    ///< why it was deferred or has bounced; empty when neither (yet)
    std::string log_class; ///< which log the reason is from: defer, bounce; empty before 3.11
    std::string original_address; ///< before aliases and the like; empty before 3.11

    /// Whether the recipient has bounced: no mail is waiting for it, only the bounce notice is
    /// still to be sent.
    [[nodiscard]] bool has_bounced() const { return log_class == "bounce"; }
};

/// Decodes the listing incrementally and holds one message and one recipient at a time, so a
/// listing of any length needs no more memory than its longest strings.
///
/// It skips unknown attributes; the attributes that it needs must occur exactly once.
class showq_decoder {
public:
    /// The result of next().
    enum class event {
        need_more,      ///< the input is used up
        message,        ///< a message begins: message() is valid until it ends
        recipient,      ///< recipient() is valid until the next call
        end_of_message, ///< of the message that began last
        end_of_list,    ///< the last event; what follows is not looked at
        malformed,      ///< the last event; see reason()
    };

    /// The limit of any string, in bytes. Postfix cuts addresses and the replies of other servers
    /// to lines of $line_length_limit (2048), and joins two at most; quoting may double an address.
    static constexpr std::size_t string_limit = 65536;

    /// Consumes bytes from the front of `input` up to the next event.
    event next(std::string_view& input);

    /// The message of the last `message` event.
    [[nodiscard]] const queued_message& message() const { return *message_; }
    /// The recipient of the last `recipient` event.
    [[nodiscard]] const queued_recipient& recipient() const noexcept { return recipient_; }
    /// Says for a person what is wrong, after `malformed`.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    // Those of the message first, in the order of their names in the source.
    enum class attribute {
        queue_name,
        queue_id,
        time,
        size,
        sender,
        forced_expire,
        recipient,
        original_recipient,
        log_class,
        reason,
        unknown,
    };
    enum class state { between, head, recipients, done, failed };

    // What there is to report, need_more if nothing.
    event take_name(std::string_view name);
    event take_value(std::string_view text);
    event take_end();
    event begin_message();
    event take_number(std::string_view text, std::int64_t& number);
    event fail(std::string reason);

    static constexpr std::string_view protocol_name = "mail_queue_list_protocol";

    reply_decoder lists_{protocol_name, string_limit};
    state state_ = state::between;
    attribute attribute_ = attribute::unknown; // whose value comes next
    unsigned seen_ = 0;                        // of the message's attributes, a bit each
    bool ends_ = false;                        // the message that was reported has no recipients
    bool has_address_ = false;                 // of a recipient, and the reason is still to come
    bool reported_ = false;                    // recipient_ has been
    // What message_ is made of, when it is complete.
    std::string queue_name_, queue_id_, sender_;
    std::int64_t time_ = 0, size_ = 0, forced_expire_ = 0;
    std::optional<queued_message> message_;
    queued_recipient recipient_;
    std::string reason_;
};

} // namespace postfix_proto
