#include "flushd/tool/queue/mail_selection.hpp"

#include "flushd/core/address_text.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/screen/duration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace flushd::tool {

namespace {

using kind = mail_selection::kind;

// In the order of the kinds.
constexpr std::string_view names[] = {"site",   "to",        "from",       "relay",       "mx",
                                      "reason", "transport", "older-than", "larger-than", "id"};
static_assert(std::size(names) == mail_selection::kinds);

constexpr kind of_recipients[] = {kind::site, kind::to,     kind::relay,
                                  kind::mx,   kind::reason, kind::transport};
constexpr kind of_messages[] = {kind::from, kind::older_than, kind::larger_than, kind::id};

// Of what the log and the history are told.
constexpr std::size_t most_told = 4, longest_told = 200;

bool is_pattern(std::string_view text) {
    return text.find_first_of("*?[\\") != std::string_view::npos;
}

bool is_like(const std::string& pattern, const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

/// The name as its registrar has it; the text itself if it is none.
std::string ascii_domain(std::string_view domain) {
    static const postfix_proto::domain_to_ascii to_ascii;
    const auto ascii = to_ascii(domain);
    return ascii ? *ascii : lower_case(domain);
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// "mx.big.tld[192.0.2.1]" is also known as "mx.big.tld", "192.0.2.1" and "[192.0.2.1]".
std::vector<std::string> names_of_host(std::string_view host) {
    std::vector<std::string> result{lower_case(host)};
    const auto bracket = host.find('[');
    const auto end = host.find(']');
    if (bracket == std::string_view::npos || end == std::string_view::npos || end < bracket)
        return result;
    if (bracket > 0)
        result.push_back(lower_case(host.substr(0, bracket)));
    result.push_back(lower_case(host.substr(bracket, end - bracket + 1)));
    result.push_back(lower_case(host.substr(bracket + 1, end - bracket - 1)));
    return result;
}

} // namespace

long long parse_size(std::string_view text) {
    long long number = 0;
    const auto* const end = text.data() + text.size();
    const auto [unit, error] = std::from_chars(text.data(), end, number);
    constexpr std::string_view units = "KMG";
    if (error != std::errc() || number < 0 || end - unit > 1)
        return -1;
    unsigned bits = 0;
    if (unit != end) {
        const auto which = units.find(*unit >= 'a' ? static_cast<char>(*unit - 'a' + 'A') : *unit);
        if (which == std::string_view::npos)
            return -1;
        bits = 10 * (static_cast<unsigned>(which) + 1);
    }
    return number > (std::numeric_limits<long long>::max() >> bits) ? -1 : number << bits;
}

kind mail_selection::kind_of(std::string_view name) {
    const auto* const found = std::find(std::begin(names), std::end(names), name);
    return found == std::end(names) ? kind::site : static_cast<kind>(found - std::begin(names));
}

std::string mail_selection::normalised(kind what, const std::string& text) {
    if (what == kind::id)
        return text;
    if (what == kind::site)
        return ascii_domain(text);
    if (what == kind::reason && !is_pattern(text))
        return '*' + lower_case(text) + '*';
    return lower_case(text);
}

std::string mail_selection::add(kind what, const std::string& text, bool is_excluded) {
    auto& one = (is_excluded ? excluded_ : wanted_)[static_cast<std::size_t>(what)];
    if (text.empty())
        return "an empty text is nothing to choose by";
    if (what == kind::older_than) {
        const auto length = parse_duration(text);
        if (!length)
            return "not a length of time such as 90s, 30m, 2h or 3d: " + text;
        one.numbers.push_back(length->count());
    } else if (what == kind::larger_than) {
        const auto size = parse_size(text);
        if (size < 0)
            return "not a size such as 1000, 20K or 3M: " + text;
        one.numbers.push_back(size);
    } else {
        auto normal = normalised(what, text);
        if (what != kind::site && is_pattern(normal))
            one.patterns.push_back(normal);
        one.names.insert(std::move(normal)); // also a pattern: "[192.0.2.1]" is a name, too
    }
    told_.push_back(fmt::format("{}{}={}", is_excluded ? "not-" : "",
                                names[static_cast<std::size_t>(what)], text));
    return {};
}

std::string mail_selection::add_exclusion(const std::string& text) {
    const auto equals = text.find('=');
    const auto what = kind_of(std::string_view(text).substr(0, equals));
    if (equals == std::string::npos || what == kind::site)
        return fmt::format("not one of {}=PATTERN: {}",
                           fmt::join(std::begin(names) + 1, std::end(names), "=PATTERN, "), text);
    return add(what, text.substr(equals + 1), true);
}

bool mail_selection::is_empty() const noexcept {
    for (const auto* all : {&wanted_, &excluded_})
        for (const auto& one : *all)
            if (!one.is_empty())
                return false;
    return true;
}

bool mail_selection::has(kind what) const noexcept {
    return !of(wanted_, what).is_empty() || !of(excluded_, what).is_empty();
}

bool mail_selection::fulfils(kind what, std::string_view name, bool is_excluded) const {
    const auto& one = of(is_excluded ? excluded_ : wanted_, what);
    const auto text = what == kind::id ? std::string(name) : lower_case(name);
    return one.names.contains(text) ||
           std::any_of(one.patterns.begin(), one.patterns.end(),
                       [&](const auto& pattern) { return is_like(pattern, text); });
}

bool mail_selection::matches_site(const criteria& wanted, std::string_view domain) {
    return wanted.names.contains(is_ascii(domain) ? lower_case(domain) : ascii_domain(domain));
}

/// By what the pattern has: `@`, or the domain only. "<>" is an empty address.
bool mail_selection::matches_address(const criteria& wanted, std::string_view address) {
    const auto whole = address.empty() ? std::string("<>") : lower_case(address);
    const auto domain = std::string(address.empty() ? whole : domain_of(whole));
    return wanted.names.contains(whole) || wanted.names.contains(domain) ||
           std::any_of(wanted.patterns.begin(), wanted.patterns.end(), [&](const auto& pattern) {
               return is_like(pattern, pattern.find('@') != std::string::npos ? whole : domain);
           });
}

bool mail_selection::fulfils(kind what, const waiting_recipient& one, bool is_excluded) const {
    const auto& given = of(is_excluded ? excluded_ : wanted_, what);
    const auto matches = [&](std::string_view text) { return fulfils(what, text, is_excluded); };
    switch (what) {
    case kind::site:
        return matches_site(given, one.domain);
    case kind::to:
        return matches_address(given, one.address);
    case kind::relay: {
        const auto hosts = names_of_host(one.host);
        return !one.host.empty() && std::any_of(hosts.begin(), hosts.end(), matches);
    }
    case kind::reason:
        return matches(one.reason);
    case kind::mx:
    case kind::transport:
        return asked_ ? asked_(what, one, is_excluded) : !is_excluded;
    default:
        return true;
    }
}

bool mail_selection::fulfils(kind what, const waiting_message& one, std::time_t now,
                             bool is_excluded) const {
    const auto& given = of(is_excluded ? excluded_ : wanted_, what);
    const auto exceeds_one = [&](long long number) {
        return std::any_of(given.numbers.begin(), given.numbers.end(),
                           [&](long long limit) { return number > limit; });
    };
    switch (what) {
    case kind::from:
        return matches_address(given, one.sender);
    case kind::older_than:
        return exceeds_one(now - one.arrival);
    case kind::larger_than:
        return exceeds_one(one.size);
    case kind::id:
        return fulfils(what, one.id.str(), is_excluded);
    default:
        return true;
    }
}

bool mail_selection::takes(const waiting_recipient& one) const {
    return std::all_of(std::begin(of_recipients), std::end(of_recipients), [&](kind what) {
        return of(wanted_, what).is_empty() || fulfils(what, one, false);
    });
}

bool mail_selection::takes(const waiting_message& message, std::time_t now) const {
    for (const auto what : of_messages) {
        if (!of(wanted_, what).is_empty() && !fulfils(what, message, now, false))
            return false;
        if (!of(excluded_, what).is_empty() && fulfils(what, message, now, true))
            return false;
    }
    const auto& all = message.recipients;
    for (const auto what : of_recipients)
        if (!of(excluded_, what).is_empty() &&
            std::any_of(all.begin(), all.end(),
                        [&](const auto& one) { return fulfils(what, one, true); }))
            return false;
    const bool is_any = std::all_of(std::begin(of_recipients), std::end(of_recipients),
                                    [&](kind what) { return of(wanted_, what).is_empty(); });
    return is_any ||
           std::any_of(all.begin(), all.end(), [&](const auto& one) { return takes(one); });
}

std::string mail_selection::describe() const {
    std::string text;
    for (std::size_t i = 0; i < std::min(told_.size(), most_told); ++i)
        text += (i > 0 ? "," : "") + told_[i];
    if (told_.size() > most_told)
        text += fmt::format(",and-{}-more", told_.size() - most_told);
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }, '_');
    return text.substr(0, longest_told);
}

} // namespace flushd::tool
