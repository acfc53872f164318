#include "flushd/core/defer_log.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <strings.h>

#include <optional>

namespace flushd {

using postfix_proto::take_line;

namespace {

// What the log shows of a reason.
constexpr std::size_t longest_reason = 300;

constexpr std::string_view suspended = "delivery temporarily suspended";
constexpr std::string_view of_network = "4.4.";

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

struct group {
    std::string_view recipient, status, reason, host;

    [[nodiscard]] bool is_of(std::string_view site) const {
        const auto at = recipient.rfind('@');
        return !recipient.empty() && (site.empty() || (at != std::string_view::npos &&
                                                       same(recipient.substr(at + 1), site)));
    }
    [[nodiscard]] bool is_of_destination() const {
        return reason.starts_with(suspended) || status.starts_with(of_network);
    }
};

/// Takes the next group off `text`; nothing when there is none.
std::optional<group> take_group(std::string_view& text) {
    while (text.starts_with('\n'))
        text.remove_prefix(1);
    if (text.empty())
        return std::nullopt;
    group result;
    for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos)
            continue;
        const auto name = line.substr(0, equals);
        const auto value = line.substr(equals + 1);
        if (name == "recipient")
            result.recipient = value;
        else if (name == "status")
            result.status = value;
        else if (name == "reason")
            result.reason = value;
        else if (name == "mta_mname")
            result.host = value;
    }
    return result;
}

} // namespace

deferral find_deferral(std::string_view text, std::string_view site) {
    deferral result;
    while (const auto next = take_group(text)) {
        if (!next->is_of(site))
            continue;
        if (result.reason.empty()) {
            result.reason = next->reason.substr(0, longest_reason);
            result.host = next->host.substr(0, longest_reason);
        }
        result.is_of_destination = result.is_of_destination || next->is_of_destination();
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
