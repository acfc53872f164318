/// Has the service carry out sends that are recorded: later, or not as fast as possible.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/core/send_pace.hpp"
#include "flushd/core/unfinished_sends.hpp"
#include "flushd/tool/postfix/instance.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// The sends in $data_directory/flushd.sends; see unfinished_sends. Only root and mail_owner have
/// access.
class send_records {
public:
    /// `where` must outlive this object. Throws tool_error.
    explicit send_records(const instance& where);

    /// Records a send, and waits until the service has begun it. If it does not, the record is
    /// withdrawn, and tool_error thrown.
    void ask(const logfile_name& file, const std::string& site, const send_pace& pace);

    /// The sends that the service carries out, and those that wait for it.
    [[nodiscard]] std::vector<unfinished_sends::listed> list() const { return sends_.list(); }
    [[nodiscard]] bool waits_until_up(const logfile_name& file) const;
    /// Returns how many sends have been called off.
    std::size_t call_off(const logfile_name& file) { return sends_.call_off(file); }
    /// The same for the sends of selections that have this name; see name_of().
    std::size_t call_off_selections(const std::string& name);

private:
    [[nodiscard]] bool is_begun(const logfile_name& file) const;

    const instance& where_;
    unfinished_sends sends_;
};

/// The same list for whoever wants to know it; empty if the user may not, or nothing has been
/// recorded yet. Changes nothing.
[[nodiscard]] std::vector<unfinished_sends::listed> read_send_records(const instance& where);

/// What the list says of a logfile. A send that is moved at once is never in it.
enum class send_state {
    none,
    left_behind, ///< by a process that has ended; the next one takes it over
    under_way,
};
[[nodiscard]] send_state recorded_send(const instance& where, const logfile_name& file);

/// The command that calls off a recorded send.
[[nodiscard]] std::string call_off_command(const instance& where, std::string_view site);

/// One line for a person, such as "customer.tld: sent when it is up, until 18:00".
[[nodiscard]] std::string describe(const unfinished_sends::listed& record, const instance& where,
                                   std::time_t now);

/// What `flushd send --cancel` takes for a send: the site, or the name of a selection's logfile
/// when that has several destinations.
[[nodiscard]] std::string name_of(const unfinished_sends::entry& one);

/// What the log calls a selection that is not the mail of one domain.
[[nodiscard]] std::string selection_site(const std::string& description);

/// Whether the user is one who may have sends recorded: root, or mail_owner.
[[nodiscard]] bool may_record(const instance& where);

/// The pace, for a person: ", 20/s", ", the first 50 messages". Empty for the usual one.
[[nodiscard]] std::string describe(const send_pace& pace);

} // namespace flushd::tool
