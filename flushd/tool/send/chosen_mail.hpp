/// Finds the messages of the queue that a selection takes.
#pragma once

#include "flushd/tool/queue/mail_selection.hpp"
#include "flushd/tool/queue/queue_context.hpp"

#include "postfix_proto/queue_id.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace flushd::tool {

/// What one selection has taken.
class chosen_mail {
public:
    explicit chosen_mail(const mail_selection& selection) : selection_(selection) {}

    /// Takes the message, if the selection does.
    void look_at(const waiting_message& message, std::time_t now);

    /// The deferred messages, in turn those of each destination, the oldest first: so a
    /// destination that is slow or down holds up no other.
    [[nodiscard]] std::vector<postfix_proto::queue_id> in_turn() const;
    [[nodiscard]] std::size_t deferred() const noexcept { return deferred_.size(); }
    [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
    [[nodiscard]] std::vector<postfix_proto::queue_id> held_ids() const;
    /// What is on hold, and counts as deferred from now on.
    [[nodiscard]] std::vector<postfix_proto::queue_id> release();
    /// Whether the selection has taken nothing, wherever it is.
    [[nodiscard]] bool is_empty() const noexcept {
        return deferred_.empty() && held_.empty() && moving_.empty();
    }
    /// Incoming and active: they are being delivered already.
    [[nodiscard]] const std::vector<postfix_proto::queue_id>& moving() const noexcept {
        return moving_;
    }

    /// What was taken for one destination. A message to several counts for each.
    struct destination {
        std::string domain; ///< in lower case; empty if a recipient has none
        std::size_t deferred = 0, held = 0;
        std::optional<std::time_t> oldest{}; ///< of both
    };
    /// Those with deferred or held messages, the most messages first.
    [[nodiscard]] std::vector<destination> destinations() const;
    [[nodiscard]] std::optional<std::time_t> oldest() const;

private:
    struct message {
        postfix_proto::queue_id id;
        std::time_t arrival;
        std::size_t destination; ///< the first one
    };
    [[nodiscard]] std::size_t number_of(const std::string& domain);

    const mail_selection& selection_;
    std::vector<message> deferred_, held_;
    std::vector<postfix_proto::queue_id> moving_;
    std::vector<destination> destinations_;
    std::unordered_map<std::string, std::size_t> numbers_; // by domain
};

/// Looks at all queued mail. The selections must outlive the result. Throws tool_error.
[[nodiscard]] std::vector<chosen_mail>
choose_mail(const queue_context& queue, const std::vector<const mail_selection*>& selections);

} // namespace flushd::tool
