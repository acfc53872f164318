#include "postfix_proto/domain_name.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/utf8.hpp"

#include "text/ascii_case.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unicode/uidna.h>

#include <array>
#include <cstdint>
#include <utility>

namespace postfix_proto {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_valid_label(std::string_view label) {
    if (label.empty() || label.size() > max_label_length || label.front() == '-' ||
        label.back() == '-')
        return false;
    for (const char c : label)
        if (!is_letter(c) && !is_digit(c) && c != '_' && c != '-')
            return false;
    return true;
}

constexpr std::pair<std::uint32_t, std::string_view> idna_errors[] = {
    {UIDNA_ERROR_EMPTY_LABEL, "empty label"},
    {UIDNA_ERROR_LABEL_TOO_LONG, "label too long"},
    {UIDNA_ERROR_DOMAIN_NAME_TOO_LONG, "name too long"},
    {UIDNA_ERROR_LEADING_HYPHEN, "leading hyphen"},
    {UIDNA_ERROR_TRAILING_HYPHEN, "trailing hyphen"},
    {UIDNA_ERROR_HYPHEN_3_4, "hyphens in third and fourth place"},
    {UIDNA_ERROR_LEADING_COMBINING_MARK, "leading combining mark"},
    {UIDNA_ERROR_DISALLOWED, "disallowed character"},
    {UIDNA_ERROR_PUNYCODE, "bad punycode"},
    {UIDNA_ERROR_LABEL_HAS_DOT, "dot inside a label"},
    {UIDNA_ERROR_INVALID_ACE_LABEL, "bad xn-- label"},
    {UIDNA_ERROR_BIDI, "bad mix of writing directions"},
    {UIDNA_ERROR_CONTEXTJ, "misplaced joiner"},
};

std::string describe(std::uint32_t errors) {
    std::string text;
    for (const auto& [bit, name] : idna_errors) {
        if ((errors & bit) == 0)
            continue;
        if (!text.empty())
            text += ", ";
        text += name;
        errors &= ~bit;
    }
    if (errors != 0)
        text += fmt::format("{}IDNA error {:#x}", text.empty() ? "" : ", ", errors);
    return text;
}

unexpected<std::string> no_ascii_form(std::string_view domain, std::string_view why) {
    return unexpected(fmt::format("domain \"{:.100}\" has no ASCII form: {}", domain, why));
}

} // namespace

bool is_valid_hostname(std::string_view name) noexcept {
    if (name.size() > max_hostname_length)
        return false;
    // A name of digits and dots only is an address without brackets.
    if (name.find_first_not_of("0123456789.") == std::string_view::npos)
        return false;
    for (;;) {
        const std::size_t dot = name.find('.');
        if (!is_valid_label(name.substr(0, dot)))
            return false;
        if (dot == std::string_view::npos)
            return true;
        name.remove_prefix(dot + 1);
    }
}

bool is_address_literal(std::string_view text) noexcept {
    constexpr std::string_view ipv6_prefix = "ipv6:";
    if (text.size() < 2 || text.front() != '[' || text.back() != ']')
        return false;
    std::string_view address = text.substr(1, text.size() - 2);
    int family = AF_INET;
    if (address.size() > ipv6_prefix.size()) {
        if (is_in_any_case(address.substr(0, ipv6_prefix.size()), ipv6_prefix)) {
            family = AF_INET6;
            address.remove_prefix(ipv6_prefix.size());
        }
    }
    // inet_pton() takes a C string, and would ignore the part after a NUL.
    std::array<char, INET6_ADDRSTRLEN + 1> c_string{};
    if (address.size() >= c_string.size() || address.find('\0') != std::string_view::npos)
        return false;
    address.copy(c_string.data(), address.size());
    in6_addr ignored{};
    return inet_pton(family, c_string.data(), &ignored) == 1;
}

void domain_to_ascii::closer::operator()(void* idna) const noexcept {
    uidna_close(static_cast<UIDNA*>(idna));
}

domain_to_ascii::domain_to_ascii(options chosen) {
    UErrorCode error = U_ZERO_ERROR;
    const std::uint32_t mode = chosen.transitional ? std::uint32_t{UIDNA_DEFAULT}
                                                   : std::uint32_t{UIDNA_NONTRANSITIONAL_TO_ASCII};
    idna_.reset(uidna_openUTS46(mode, &error));
    if (U_FAILURE(error))
        throw startup_error(fmt::format("cannot open ICU IDNA tables: {}", u_errorName(error)));
}

result<std::string, std::string> domain_to_ascii::operator()(std::string_view domain) const {
    // Do not pass over-long names from the network to ICU. UTF-8 needs at most four bytes for a
    // character that takes at least one in ASCII form.
    if (domain.size() > 4 * max_hostname_length)
        return no_ascii_form(domain, "too long");
    if (!is_valid_utf8(domain))
        return no_ascii_form(domain, "malformed UTF-8");

    std::array<char, 4 * max_hostname_length> ascii{};
    UErrorCode error = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    const std::int32_t length =
        uidna_nameToASCII_UTF8(static_cast<const UIDNA*>(idna_.get()), domain.data(),
                               static_cast<std::int32_t>(domain.size()), ascii.data(),
                               static_cast<std::int32_t>(ascii.size()), &info, &error);
    if (U_FAILURE(error))
        return no_ascii_form(domain, u_errorName(error));
    if (info.errors != 0)
        return no_ascii_form(domain, describe(info.errors));
    std::string name(ascii.data(), static_cast<std::size_t>(length));
    // UTS #46 alone is not enough: it permits characters that are valid in DNS labels but not in
    // file names.
    if (!is_valid_hostname(name))
        return no_ascii_form(domain, "not a valid host name");
    return name;
}

} // namespace postfix_proto
