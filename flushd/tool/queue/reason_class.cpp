#include "flushd/tool/queue/reason_class.hpp"

#include "flushd/core/address_text.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace flushd::tool {

namespace {

using enum reason_class;

constexpr std::array<std::string_view, reason_class_count> names = {"connection refused",
                                                                    "timeout",
                                                                    "unreachable",
                                                                    "connection lost",
                                                                    "dns",
                                                                    "tls",
                                                                    "greylisted",
                                                                    "rate limited",
                                                                    "mailbox full",
                                                                    "rejected",
                                                                    "local",
                                                                    "not tried",
                                                                    "other"};

// A server's answer is as long as it likes; what matters stands at its beginning.
constexpr std::size_t longest_text = 1000;

/// Words and the class that they mean; in lower case.
struct keyword {
    std::string_view text;
    reason_class which;
};

// What Postfix says itself. The first that is found decides.
constexpr keyword own_words[] = {
    {"name service error", dns},
    {"host or domain name not found", dns},
    {"unable to look up host", dns},
    {"connection refused", connection_refused},
    {"timed out", timeout},
    {"no route to host", unreachable},
    {"network is unreachable", unreachable},
    {"all network protocols are disabled", unreachable},
    {"tls is required", tls},
    {"cannot start tls", tls},
    {"server certificate", tls},
    {"tlsa ", tls},
    {"lost connection with", connection_lost},
    {"connection reset by peer", connection_lost},
    {"deferred transport", not_tried},
    {"mailbox is full", mailbox_full},
    {"disk quota exceeded", mailbox_full},
    {"transport unavailable", local},
    {"transport error", local},
    {"lookup error", local},
    {"lookup failure", local},
    {"resolver failure", local},
    {"database unavailable", local},
    {"map lookup problem", local},
    {"configuration error", local},
    {"local data error", local},
    {"queue file", local},
    {"no space left", local},
    {"insufficient system resources", local},
};

// What servers answer.
constexpr keyword their_words[] = {
    {"greylist", greylisted},       {"graylist", greylisted},
    {"grey-list", greylisted},      {"gray-list", greylisted},
    {"grey list", greylisted},      {"rate limit", rate_limited},
    {"rate-limit", rate_limited},   {"ratelimit", rate_limited},
    {"too many", rate_limited},     {"too fast", rate_limited},
    {"throttl", rate_limited},      {"quota", mailbox_full},
    {"mailbox full", mailbox_full}, {"mailbox is full", mailbox_full},
    {"tls not available", tls},     {"starttls", tls},
};

template <std::size_t count>
const keyword* find_keyword(const keyword (&words)[count], std::string_view text) {
    const auto found = std::find_if(words, words + count, [text](const keyword& one) {
        return text.find(one.text) != std::string_view::npos;
    });
    return found == words + count ? nullptr : found;
}

/// What follows `mark`; nothing if it is not there.
std::string_view after(std::string_view text, std::string_view mark) {
    const auto found = text.find(mark);
    return found == std::string_view::npos ? std::string_view() : text.substr(found + mark.size());
}

/// The answer of a server: "host NAME[ADDRESS] said: 450 ... (in reply to RCPT TO command)".
std::string_view answer_in(std::string_view text) {
    const auto said = after(text, " said: ");
    return said.empty() ? after(text, " refused to talk to me: ") : said;
}

reason_class classify_answer(std::string_view status, std::string_view answer) {
    // X.2.2: "mailbox full" in RFC 3463, section 3.3; the quota of a sender is none of it.
    if (status.size() == 5 && status.substr(1) == ".2.2")
        return mailbox_full;
    const auto* const found = find_keyword(their_words, answer);
    return found == nullptr ? rejected : found->which;
}

} // namespace

std::string_view name_of(reason_class which) noexcept {
    return names[static_cast<std::size_t>(which)];
}

reason_class classify_reason(std::string_view status, std::string_view reason) {
    if (reason.empty())
        return not_tried;
    const auto text = lower_case(reason.substr(0, longest_text));
    if (const auto answer = answer_in(text); !answer.empty())
        return classify_answer(status, answer);
    if (const auto* const found = find_keyword(own_words, text))
        return found->which;
    // Without words that are known, the status of a mail system that delivers here: X.3.Y.
    if (status.size() == 5 && status.substr(1, 3) == ".3.")
        return local;
    return other;
}

} // namespace flushd::tool
