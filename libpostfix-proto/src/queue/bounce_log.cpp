#include "postfix_proto/bounce_log.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <algorithm>
#include <charconv>

namespace postfix_proto {

namespace {

/// `<recipient>: reason`
void take_old_line(std::string_view line, bounce_log_entry& entry) noexcept {
    constexpr std::string_view separator = ">: ";
    const auto end = line.find(separator);
    if (end == std::string_view::npos)
        return;
    entry.recipient = line.substr(1, end - 1);
    entry.reason = line.substr(end + separator.size());
}

void take_new_line(std::string_view line, bounce_log_entry& entry) noexcept {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return;
    const auto name = line.substr(0, equals);
    const auto value = line.substr(equals + 1);
    if (name == "recipient")
        entry.recipient = value;
    else if (name == "original_recipient")
        entry.original_recipient = value;
    else if (name == "offset")
        std::from_chars(value.data(), value.data() + value.size(), entry.offset);
    else if (name == "status")
        entry.status = value;
    else if (name == "action")
        entry.action = value;
    else if (name == "reason")
        entry.reason = value;
    else if (name == "mta_mname")
        entry.host = value;
}

bool is_of_host_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

bool is_of_address(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' ||
           c == ':' || c == '%' || c == 'v' || c == 'P' || c == 'I';
}

} // namespace

std::optional<bounce_log_entry> take_bounce_log_entry(std::string_view& text) noexcept {
    bounce_log_entry entry;
    for (bool has_begun = false; !text.empty();) {
        const auto line = take_line(text);
        if (line.empty()) {
            if (has_begun)
                return entry;
            continue;
        }
        has_begun = true;
        if (line.front() == '<')
            take_old_line(line, entry);
        else
            take_new_line(line, entry);
        if (text.empty())
            return entry;
    }
    return std::nullopt;
}

std::string_view host_in_reason(std::string_view reason) noexcept {
    for (auto open = reason.find('['); open != std::string_view::npos;
         open = reason.find('[', open + 1)) {
        const auto close = reason.find(']', open);
        if (close == std::string_view::npos)
            break;
        const auto address = reason.substr(open + 1, close - open - 1);
        auto begin = open;
        while (begin > 0 && is_of_host_name(reason[begin - 1]))
            --begin;
        const bool looks_like_address = address.find_first_of(".:") != std::string_view::npos &&
                                        std::all_of(address.begin(), address.end(), is_of_address);
        // Transports over a UNIX-domain socket: "connect to host[path]".
        const bool is_socket = address.starts_with('/') || address.starts_with("private/");
        if (begin < open && (looks_like_address || is_socket))
            return reason.substr(begin, open - begin);
    }
    return {};
}

} // namespace postfix_proto
