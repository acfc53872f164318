/// Answers what waits: the queued mail in groups, and what is listed of it.
#pragma once

#include "flushd/core/unfinished_sends.hpp"
#include "flushd/tool/queue/listing_index.hpp"
#include "flushd/tool/queue/mail_selection.hpp"
#include "flushd/tool/queue/queue_survey.hpp"
#include "flushd/tool/queue/waiting_groups.hpp"

#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

/// What to sort by, and what a column shows.
enum class waiting_column {
    name,
    messages,
    deferred,
    oldest,
    next,
    returned,
    size,
    active,
    held,
    listed,
    sent,
    reason,
    relay,
};

struct waiting_question {
    group_by by = group_by::destination;
    waiting_column sort = waiting_column::messages;
    std::vector<std::string> destinations; ///< only these; empty for all
    std::optional<std::chrono::seconds> older_than;
    std::optional<std::string> only_group; ///< the name of a row: only what is in it
    std::size_t top = 0;                   ///< 0 for all
    bool all = false;                      ///< also logfiles without mail that waits
    bool list_messages = false;            ///< also each message
    std::function<void()> pause;           ///< is called every thousand messages; may throw
    /// For group_by::transport: see waiting_groups::use_transports().
    std::function<std::string_view(const waiting_message&, const waiting_recipient&)> transport_of;
    mail_selection only; ///< what else messages and recipients must fulfil
};

/// One group. Its name and texts are as others have written them: use printable().
struct waiting_row {
    std::string name;
    waiting_group group;
    std::optional<site_summary> site; ///< its logfile, of a destination that has one
};

/// One message, for `status SITE`.
struct waiting_mail {
    postfix_proto::queue_id id;
    queue_files::place where = queue_files::place::nowhere;
    std::time_t arrival = 0;
    std::optional<std::time_t> due, returned;
    std::int64_t size = 0;
    std::string sender, recipient; ///< the first of the recipients that are asked for
    std::size_t recipients = 0;    ///< how many are asked for
    std::string reason, relay;     ///< of the first one with a reason
};

struct waiting_report {
    std::time_t now = 0;
    group_by by = group_by::destination;
    survey_result survey;
    bool knows_listed = true; ///< false where the user may not read the logfiles
    std::vector<waiting_row> rows;
    waiting_group total;      ///< each message once; before rows are left out
    std::size_t left_out = 0; ///< rows, because of `top`
    std::vector<waiting_mail> messages;
    std::size_t messages_left_out = 0;
    std::vector<site_summary> sites; ///< the logfiles, sorted and cut likewise
    site_summary sites_total{*logfile_name::from_name("total")};
    std::size_t sites_left_out = 0;
    std::vector<unfinished_sends::listed> sends;
};

/// Goes through the queue once. Adds the names of listed destinations to queue.names(). A user who
/// may not read the queue files gets what postqueue(1) lists. Throws tool_error.
[[nodiscard]] waiting_report ask_what_waits(queue_context& queue, const waiting_question& question);

/// Sorts rows: the greatest value first, but times the earliest first; those without a value last.
/// Equal ones are sorted by name.
void sort_rows(std::vector<waiting_row>& rows, waiting_column by);

/// What stands where a destination's name is not known, or its row.
[[nodiscard]] std::string_view title_of(group_by by);

} // namespace flushd::tool
