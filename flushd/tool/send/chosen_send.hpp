/// Has messages sent that were found in the queue, whatever is listed.
#pragma once

#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/send/chosen_mail.hpp"
#include "flushd/tool/send/delivery_wait.hpp"
#include "flushd/tool/send/send_options.hpp"

#include "postfix_proto/queue_id.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

/// Messages that are sent as one.
struct chosen_send {
    std::unique_ptr<send_target> target;
    std::vector<postfix_proto::queue_id> ids;
    std::string site; ///< what the log calls it
    std::string text; ///< for a person, behind "sending 3 messages"
};

class chosen_sender {
public:
    chosen_sender(queue_context& queue, const send_options& options)
        : queue_(queue), options_(options) {}

    /// Looks for what the selections take. Where a selection needs it, MX hosts are looked up.
    [[nodiscard]] std::vector<chosen_mail> find(std::vector<mail_selection>& selections);

    /// Releases what is on hold, if that is wanted. The target has messages only if their delivery
    /// is waited for.
    [[nodiscard]] chosen_send prepare(const std::string& name, chosen_mail& mail);
    /// The same for IDs, of which some may not be queued any more.
    [[nodiscard]] chosen_send prepare(const std::vector<std::string>& ids);

    /// Has it sent, and says so unless the output is JSON. Throws tool_error.
    void ask(chosen_send& one);

private:
    void release(chosen_mail& mail);
    void tell(const chosen_send& one) const;
    void send_each(const chosen_send& one);
    [[nodiscard]] bool is_served_by_us();

    queue_context& queue_;
    const send_options& options_;
    std::optional<bool> is_ours_;
};

/// What would be sent: destinations, messages, the oldest, as a table or as JSON.
void print_choice(const chosen_mail& mail, bool as_json);

/// What mail of several destinations is called, for a person.
inline constexpr const char* selected_name = "selected messages";

} // namespace flushd::tool
