#include "postfix_proto/mail_version.hpp"

#include <charconv>

namespace postfix_proto {

namespace {

/// Takes a number of at least one digit off the front of `text`.
std::optional<int> take_number(std::string_view& text) {
    if (text.empty() || text.front() < '0' || text.front() > '9')
        return std::nullopt;
    int number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc())
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return number;
}

} // namespace

std::optional<mail_version> parse_mail_version(std::string_view text) {
    const auto major = take_number(text);
    if (!major || text.substr(0, 1) != ".")
        return std::nullopt;
    text.remove_prefix(1);
    const auto minor = take_number(text);
    if (!minor || (!text.empty() && text.front() != '.' && text.front() != '-'))
        return std::nullopt;
    return mail_version{*major, *minor};
}

} // namespace postfix_proto
