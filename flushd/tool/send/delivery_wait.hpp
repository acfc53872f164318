/// Waits for delivery and reports it, for `flushd send --wait` and `flushd wait`.
#pragma once

#include "flushd/core/bounce_watch.hpp"
#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/listed_places.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/send/message_watch.hpp"
#include "flushd/tool/send/notification.hpp"
#include "flushd/tool/send/reason_tally.hpp"
#include "flushd/tool/send/verdict.hpp"

#include "postfix_proto/queue_id.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace flushd::tool {

/// A destination or a message whose delivery is requested.
struct send_target {
    send_target(std::string text, const queue_files& files)
        : name(std::move(text)), messages(files) {}
    /// For a user who may not read the files.
    send_target(std::string text, message_watch::finder find)
        : name(std::move(text)), messages(std::move(find)) {}

    std::string name;                  // for a person
    std::optional<logfile_name> file;  // of a destination
    std::vector<std::string> asked_as; // names to try until the service accepts one
    std::optional<postfix_proto::queue_id> id;
    std::size_t listed = 0;
    std::size_t held = 0;  // of these
    bool refused = false;  // and the reason has been printed
    bool is_mixed = false; // chosen messages: the name is no argument of a command
    message_watch messages;
    reason_tally reasons; // why some were deferred again

    /// Since when only messages that nobody moves are left, if that is so.
    std::optional<std::chrono::steady_clock::time_point> idle_since;
    bool is_settled = false; // nothing more will happen
};
using target_list = std::vector<std::unique_ptr<send_target>>;

/// The options that both commands have.
struct wait_options {
    bool json = false;
    std::chrono::seconds limit = std::chrono::minutes(10);
    std::string notify;
    std::string directory; ///< where the user is: see remember_directory()

    void add_to(command_options& command);
    /// Call it before the working directory changes.
    void remember_directory();
};

class delivery_wait {
public:
    using clock = std::chrono::steady_clock;

    /// Construct it before delivery is requested, so that no returned message is overlooked.
    delivery_wait(queue_context& queue, const wait_options& options);
    /// For a user who may not read the queue: takes a listing before each look at the messages.
    /// The targets must have been made of `listed`, which must outlive this object.
    delivery_wait(queue_context& queue, const wait_options& options, listed_places& listed);

    /// The time limit counts from now, and not from the construction.
    void start_clock() { begin_ = clock::now(); }
    [[nodiscard]] bounce_watch& bounces() noexcept { return bounces_; }

    /// Adds to each destination the messages that the queue manager has already.
    void add_mail_on_its_way(const target_list& targets);

    /// Follows the messages of all targets that were not refused until each message has been tried,
    /// or nobody will try it, or the time is up, or a signal arrives. Shows the progress, prints a
    /// verdict on each target, and runs the command of --notify unless a signal has arrived.
    ///
    /// Returns the exit status: `earlier` if that is not 0, else see exit_status_of().
    [[nodiscard]] int run(const target_list& targets, int earlier = 0);

private:
    enum class ending { settled, timed_out, interrupted };
    [[nodiscard]] ending follow(const target_list& targets);
    [[nodiscard]] bool look(send_target& one);
    [[nodiscard]] bool is_settled(send_target& one);
    [[nodiscard]] std::chrono::seconds patience_with(send_state state) const;
    [[nodiscard]] deferral read_reason(const send_target& one, const postfix_proto::queue_id& id);
    [[nodiscard]] verdict judge(const target_list& targets, ending how, int earlier) const;
    void print(const verdict& all, const target_list& targets, ending how) const;

    queue_context& queue_;
    const wait_options& options_;
    bounce_watch bounces_;
    listed_places* listed_ = nullptr;
    clock::time_point begin_ = clock::now();
};

/// The result of a command that does not wait, as JSON.
void print_requests(const target_list& targets, int exit_status);

} // namespace flushd::tool
