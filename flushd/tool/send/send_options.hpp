/// The options of `flushd send`.
#pragma once

#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/mail_selection.hpp"
#include "flushd/tool/send/delivery_wait.hpp"
#include "flushd/tool/send/other_hosts.hpp"
#include "flushd/tool/send/paced_send.hpp"

#include <string>
#include <vector>

namespace flushd::tool {

struct send_options {
    std::vector<std::string> sites, ids;
    bool all = false, wait = false;
    bool dry_run = false, release = false;
    mail_selection selection; ///< without sites and IDs
    wait_options how;
    paced_options paced;
    other_hosts_options others;

    void add_to(command_options& command);
    /// Puts the words of standard input in the place of "-". Throws tool_error.
    void read_words();
    /// Throws tool_error for what cannot be combined.
    void check() const;

    /// Whether messages are to be looked for in the queue, whatever is listed.
    [[nodiscard]] bool chooses() const { return dry_run || release || !selection.is_empty(); }
    /// Whether the messages with these IDs are sent as one. A few are asked for one by one, each
    /// with a result of its own.
    [[nodiscard]] bool has_many_ids() const {
        return ids.size() > few_ids || (!ids.empty() && paced.are_used());
    }
    static constexpr std::size_t few_ids = 10;
    /// The criteria, with the sites and IDs. Throws tool_error.
    [[nodiscard]] mail_selection whole_selection() const;
};

/// Splits a text into sites and queue IDs: only an ID has neither a dot, as a domain
/// has, nor an underscore, as a logfile's name has, nor brackets. The marks
/// that mailq(1) puts behind an ID are left out.
void sort_words(const std::string& text, std::vector<std::string>& sites,
                std::vector<std::string>& ids);

} // namespace flushd::tool
