#include "flushd/core/defer_log.hpp"

#include "flushd/core/address_text.hpp"

#include "postfix_proto/bounce_log.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <strings.h>

namespace flushd {

using postfix_proto::bounce_log_entry;

namespace {

// What the log shows of a reason.
constexpr std::size_t longest_reason = 300;

constexpr std::string_view suspended = "delivery temporarily suspended";
constexpr std::string_view of_network = "4.4.";

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_of(const bounce_log_entry& entry, std::string_view site) {
    return !entry.recipient.empty() && (site.empty() || same(domain_of(entry.recipient), site));
}

bool is_of_destination(const bounce_log_entry& entry) {
    return entry.reason.starts_with(suspended) || entry.status.starts_with(of_network);
}

} // namespace

deferral find_deferral(std::string_view text, std::string_view site) {
    deferral result;
    while (const auto next = postfix_proto::take_bounce_log_entry(text)) {
        if (!is_of(*next, site))
            continue;
        if (result.reason.empty()) {
            result.reason = next->reason.substr(0, longest_reason);
            result.host = next->host.substr(0, longest_reason);
        }
        result.is_of_destination = result.is_of_destination || is_of_destination(*next);
    }
    return result;
}

deferral read_deferral(const std::string& path, std::string_view site) {
    const postfix_proto::file_descriptor file(
        ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    std::string text;
    if (!file || postfix_proto::read_at(file.get(), 0, longest_defer_log, text))
        return {};
    return find_deferral(text, site);
}

} // namespace flushd
