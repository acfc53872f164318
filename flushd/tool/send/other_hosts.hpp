/// Has other hosts send their mail for the same destinations: the option --host.
#pragma once

#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/send/delivery_wait.hpp"
#include "flushd/tool/send/etrn_request.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

struct other_hosts_options {
    std::vector<smtp_host> hosts;
    std::string credentials; ///< absolute
    std::optional<tls_level> tls;

    [[nodiscard]] bool are_used() const { return !hosts.empty(); }
    /// What is wrong with the options together, or null.
    [[nodiscard]] const char* mistake(bool has_sites) const;
};

void add_other_hosts_options(command_options& command, other_hosts_options& options);

/// Asks each host for each site, within the time limit, and prints the answers; has `send_here`
/// send what is queued here, and prints one verdict on the others. Returns the exit status: that of
/// `send_here` if it is not 0, else 69 if a host refuses, 75 if one may accept later, 0 if all have
/// accepted.
[[nodiscard]] int send_everywhere(queue_context& queue, const other_hosts_options& options,
                                  const std::vector<std::string>& sites, const wait_options& how,
                                  const std::function<int()>& send_here);

} // namespace flushd::tool
