/// Writes the history of sends for a person, and as JSON.
#pragma once

#include "flushd/core/send_record.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace flushd::tool {

/// The sends that `flushd log` shows, the newest last.
struct log_report {
    std::time_t now = 0;
    std::vector<send_record> sends;
    uid_t mail_owner = 0; ///< the user of Postfix's daemons
};

/// Who asked, for a person: "ETRN" for smtpd(8), a login name, a user ID, or "-" if not known.
[[nodiscard]] std::string requester_of(const send_record& send, uid_t mail_owner);

/// What came of the send in words: "298 delivered, 2 deferred (connect to ...)".
[[nodiscard]] std::string result_of(const send_record& send);

/// A table that is at most `width` columns wide, if that can be; 0 means no limit. Where it would
/// be too wide, the results are below the rows.
[[nodiscard]] std::string log_table(const log_report& all, std::size_t width, bool colour);

/// The output of `flushd log --json`, as described in flushd(1).
[[nodiscard]] std::string log_json(const log_report& all);

} // namespace flushd::tool
