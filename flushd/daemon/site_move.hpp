/// Moves the messages that a site's logfile lists.
#pragma once

#include "flushd/core/line_set.hpp"
#include "flushd/daemon/followed_send.hpp"
#include "flushd/daemon/queue_mover.hpp"

#include "postfix_proto/log.hpp"

#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flushd {

/// Works through the lines of one snapshot, piece by piece. Each message is moved once, however
/// often it is listed.
class site_move {
public:
    using clock = std::chrono::steady_clock;

    struct counts {
        std::size_t moved = 0, missing = 0, held = 0, duplicate = 0, failed = 0, bad = 0;
        std::size_t left = 0; ///< lines that leave_rest() and leave_domains() have left alone
    };
    struct report : counts {
        std::string keep;        ///< the lines of what is still there and was not moved
        std::string moved_lines; ///< of what was; only where `leave_domains` was called
    };

    /// `lines` and what is referred to must outlive this object. The name is that of the logfile,
    /// for the log.
    site_move(const std::string& lines, std::string_view name, deferred_transports transports,
              queue_mover& mover, postfix_proto::logger& log)
        : lines_(lines), rest_(lines), logfile_(name), transports_(transports), mover_(mover),
          places_(mover.layout()), log_(log) {}

    /// Leaves a message where it is when `is_over` says so of the domain of its first recipient.
    void leave_domains(std::function<bool(const std::string& domain)> is_over) {
        is_over_ = std::move(is_over);
    }

    /// Goes on for about so long, and until so many messages have been moved. True when there is
    /// nothing left to do.
    [[nodiscard]] bool go_on(clock::duration how_long, std::size_t most_messages);

    /// Leaves the messages that have not been moved where they are, and listed. There is nothing
    /// left to do then.
    void leave_rest();

    /// What has been moved since the last call.
    [[nodiscard]] std::vector<moved_message> take_moved();

    [[nodiscard]] const report& result() const noexcept { return result_; }

private:
    void move(std::string_view line);
    void note_moved(const postfix_proto::queue_id& id, std::string domain);
    void leave(std::string_view line);
    void keep(std::string_view line);
    void finish();

    const std::string& lines_;
    std::string_view rest_;
    std::string_view logfile_;
    deferred_transports transports_;
    queue_mover& mover_;
    queue_places places_;
    postfix_proto::logger& log_;
    std::optional<line_set> seen_; // from the first call on
    std::time_t now_ = 0;          // likewise
    report result_;
    std::vector<moved_message> moved_;
    std::function<bool(const std::string&)> is_over_;
};

} // namespace flushd
