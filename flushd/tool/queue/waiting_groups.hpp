/// Adds up the queued mail by destination, or by something else.
#pragma once

#include "flushd/core/keyed_hash.hpp"
#include "flushd/tool/queue/reason_class.hpp"
#include "flushd/tool/queue/waiting_message.hpp"

#include "postfix_proto/postconf.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace flushd::tool {

/// How long Postfix keeps a message before it returns it.
struct queue_lifetimes {
    std::chrono::seconds mail = std::chrono::hours(120);
    std::chrono::seconds of_mail_system = std::chrono::hours(120); ///< with the null sender
};
/// maximal_queue_lifetime and bounce_queue_lifetime; the defaults where they are not known.
[[nodiscard]] queue_lifetimes read_queue_lifetimes(const postfix_proto::postconf_result& main_cf);

/// When a message is returned to its sender if it cannot be delivered before: at the first attempt
/// after this time. Nothing if it is on hold.
[[nodiscard]] std::optional<std::time_t> return_time(const waiting_message& message,
                                                     const queue_lifetimes& lifetimes);

/// The most frequent of many things, by their hash values: exact while there are no more than four,
/// and of more than four, one that makes up a fifth or more stays in.
class leading_value {
public:
    /// Returns whether this one is the leader now.
    bool add(std::uint64_t hash) noexcept;

private:
    struct counter {
        std::uint32_t what = 0, count = 0;
    };
    std::array<counter, 4> counters_{}; // the leader first
};

/// What waits for a destination, or has another thing in common.
struct waiting_group {
    std::size_t messages = 0;    ///< all; each counts once, also with many recipients
    std::size_t deferred = 0;    ///< of these, in deferred
    std::size_t in_delivery = 0; ///< in incoming or active
    std::size_t on_hold = 0;
    std::size_t listed = 0; ///< in the logfile of the recipient's domain: see waiting_groups::add()
    std::int64_t bytes = 0; ///< of the messages' content
    std::optional<std::time_t> oldest;   ///< arrival of the oldest message
    std::optional<std::time_t> next;     ///< when the first deferred message is due
    std::optional<std::time_t> returned; ///< when the first message is returned
    /// The most frequent reason as one message has it, cut off after 200 bytes; empty before the
    /// first attempt. Not printable: what a server says is in it.
    std::string reason;
    std::string relay;                           ///< the host of that reason; may be empty
    reason_class kind = reason_class::not_tried; ///< of that reason

    /// Counts the message.
    void add(const waiting_message& message, const queue_lifetimes& lifetimes);
    /// Counts why it waits.
    void add_reason(const waiting_recipient& recipient, std::string_view normalised);

private:
    friend class waiting_groups;
    leading_value reasons_;
    // The number of the last message that was counted, so that each counts once.
    std::uint32_t last_counted_ = 0, last_listed_ = 0;
};

/// What the messages of a group have in common.
enum class group_by {
    destination,   ///< the recipient's domain, in lower case
    relay,         ///< the server of the last attempt, in lower case
    reason,        ///< normalised_reason()
    reason_class,  ///< name_of(classify_reason())
    sender,        ///< address; "<>" is the mail system
    sender_domain, ///< "<>" is the mail system
    transport,     ///< what `transport_of` says
};

/// The name of a group of messages without a destination, a server or a reason. No domain has it,
/// as it has no dot.
constexpr std::string_view no_name = "none";

/// Adds up messages. Memory grows with the number of groups, by half a kilobyte each; not with the
/// number of messages.
class waiting_groups {
public:
    /// Lets a name be looked up that is no std::string.
    struct name_hash : keyed_text_hash {
        using is_transparent = void;
    };
    using map = std::unordered_map<std::string, waiting_group, name_hash, std::equal_to<>>;
    /// Says whether the message is in the logfile of that domain.
    using is_listed = std::function<bool(std::string_view domain)>;

    waiting_groups(group_by key, queue_lifetimes lifetimes) : key_(key), lifetimes_(lifetimes) {}

    /// Needed for group_by::transport: the name of the group, which must be valid until the next
    /// call.
    void use_transports(
        std::function<std::string_view(const waiting_message&, const waiting_recipient&)> of) {
        transport_of_ = std::move(of);
    }

    /// Counts a message in the groups of its recipients, once in each. A message whose recipients
    /// are not known counts in the group "none". Without `listed`, none is.
    void add(const waiting_message& message, const is_listed& listed = {});

    /// The name of the group that a recipient's message counts in. Valid until the next call.
    [[nodiscard]] std::string_view group_of(const waiting_message& message,
                                            const waiting_recipient& recipient);

    [[nodiscard]] const map& groups() const noexcept { return groups_; }
    /// All messages, each once.
    [[nodiscard]] const waiting_group& total() const noexcept { return total_; }

private:
    void add_to(std::string_view name, const waiting_message& message,
                const waiting_recipient* recipient, const is_listed& listed);
    std::string_view name_for(const waiting_message& message, const waiting_recipient& recipient);

    group_by key_;
    queue_lifetimes lifetimes_;
    std::function<std::string_view(const waiting_message&, const waiting_recipient&)> transport_of_;
    map groups_;
    waiting_group total_;
    std::uint32_t number_ = 0; // of the current message
    std::string name_, normalised_;
    std::string_view normalised_of_; // the recipient's reason that normalised_ is made from
};

/// Appends a name in lower case: domains and hosts.
void append_lower(std::string_view name, std::string& result);

} // namespace flushd::tool
