#include "tables/cidr_table.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "tables/rule_lines.hpp"
#include "tables/rule_list.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace postfix_proto {

namespace {

struct address {
    bool is_ipv6 = false;
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] int family() const { return is_ipv6 ? AF_INET6 : AF_INET; }
    [[nodiscard]] unsigned bits() const { return is_ipv6 ? 128 : 32; }

    static std::optional<address> parse(std::string_view text) {
        address result;
        result.is_ipv6 = text.find(':') != std::string_view::npos;
        if (::inet_pton(result.family(), std::string(text).c_str(), result.bytes.data()) != 1)
            return std::nullopt;
        return result;
    }
    [[nodiscard]] address masked(unsigned length) const {
        address result = *this;
        for (unsigned bit = length; bit < bits(); ++bit)
            result.bytes[bit / 8] =
                static_cast<std::uint8_t>(result.bytes[bit / 8] & ~(0x80U >> (bit % 8)));
        return result;
    }
    [[nodiscard]] std::string text() const {
        std::array<char, INET6_ADDRSTRLEN> buffer{};
        return ::inet_ntop(family(), bytes.data(), buffer.data(), buffer.size()) == nullptr
                   ? ""
                   : buffer.data();
    }
    bool operator==(const address&) const = default;
};

struct block {
    address network;
    unsigned length = 0;
    bool is_positive = true;

    /// A "!" reverses the result, but an address of the other family never matches.
    [[nodiscard]] bool matches(const address& candidate) const {
        return candidate.is_ipv6 == network.is_ipv6 &&
               (candidate.masked(length) == network) == is_positive;
    }
};

/// Parses "address", "network/length", "[network]/length" or "[network/length]". Returns an error
/// text, or an empty one.
std::string parse_block(std::string_view text, block& result) {
    std::optional<std::string_view> length;
    std::string_view network = text;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return fmt::format("no ']' after \"{}\"", text);
        network = text.substr(1, end - 1);
        const std::string_view rest = text.substr(end + 1);
        if (rest.starts_with('/'))
            length = rest.substr(1);
        else if (!rest.empty())
            return fmt::format("garbage after \"[{}]\"", network);
    }
    if (const std::size_t slash = network.find('/'); !length && slash != std::string_view::npos) {
        length = network.substr(slash + 1);
        network = network.substr(0, slash);
    }

    const auto parsed = address::parse(network);
    if (!length) {
        if (!parsed)
            return fmt::format("bad address pattern: \"{}\"", network);
        result.network = *parsed;
        result.length = parsed->bits();
        return {};
    }
    const auto refuse = [&](std::string_view what) {
        return fmt::format("{} in \"{}/{}\"", what, network, *length);
    };
    if (length->empty() ||
        !std::all_of(length->begin(), length->end(), [](char c) { return c >= '0' && c <= '9'; }))
        return refuse("bad mask value");
    unsigned bits = 0;
    for (const char digit : *length)
        bits = std::min(bits * 10 + static_cast<unsigned>(digit - '0'), 1000U);
    if (bits > (network.find(':') != std::string_view::npos ? 128U : 32U))
        return refuse("bad mask length");
    if (!parsed)
        return refuse("bad network value");
    if (parsed->masked(bits) != *parsed)
        return fmt::format("host bits are set in \"{}/{}\"; perhaps \"{}/{}\" is meant", network,
                           *length, parsed->masked(bits).text(), bits);
    result.network = *parsed;
    result.length = bits;
    return {};
}

struct rule : table_rule {
    block pattern;
    std::string value;
};

/// Parses one line. Returns an error text, or an empty one.
std::string parse_rule(std::string_view line, bool is_inside_block, rule& result) {
    if (starts_with_word(line, "if")) {
        line.remove_prefix(2);
        result.what = rule::kind::begin;
        result.pattern.is_positive = take_negations(line);
        return line.empty() ? "no address pattern" : parse_block(line, result.pattern);
    }
    if (starts_with_word(line, "endif")) {
        result.what = rule::kind::end;
        if (!trim(line.substr(5)).empty())
            return "garbage after ENDIF";
        return is_inside_block ? "" : "ENDIF without IF";
    }
    result.pattern.is_positive = take_negations(line);
    const auto end = std::find_if(line.begin(), line.end(), is_space);
    const std::string_view pattern = line.substr(0, static_cast<std::size_t>(end - line.begin()));
    if (pattern.empty())
        return "no address pattern";
    if (std::string error = parse_block(pattern, result.pattern); !error.empty())
        return error;
    result.value = trim(line.substr(pattern.size()));
    return result.value.empty() ? "no lookup result" : "";
}

class cidr_table final : public lookup_table {
public:
    cidr_table(std::string_view type, std::string_view name, std::vector<std::string> files,
               rule_list<rule> rules)
        : lookup_table(type, name, false), files_(std::move(files)), rules_(std::move(rules)) {}

    lookup_result find(std::string_view key) override {
        const auto candidate = address::parse(key);
        if (!candidate)
            return lookup_result::not_found();
        const rule* found =
            rules_.find([&](const rule& one) { return one.pattern.matches(*candidate); });
        return found != nullptr ? lookup_result::found(found->value) : lookup_result::not_found();
    }
    std::vector<std::string> files() const override { return files_; }

private:
    std::vector<std::string> files_;
    rule_list<rule> rules_;
};

} // namespace

opened_table open_cidr_table(std::string_view type, std::string_view name,
                             const open_options& options, logger& log) {
    rule_lines input = read_rule_lines(type, name, options, log);
    if (!input.reason.empty())
        return {nullptr, std::move(input.reason), std::move(input.files)};
    rule_list<rule> rules;
    for (const logical_line& line : input.lines) {
        rule parsed;
        parsed.line = line.number;
        if (const std::string error = parse_rule(line.text, rules.is_inside_block(), parsed);
            !error.empty()) {
            log.warning("cidr map {}, line {}: {}: skipping this rule", name, line.number, error);
            continue;
        }
        rules.add(std::move(parsed));
    }
    rules.close([&](std::size_t line) {
        log.warning("cidr map {}, line {}: IF has no matching ENDIF", name, line);
    });
    return {
        std::make_unique<cidr_table>(type, name, std::move(input.files), std::move(rules)), "", {}};
}

} // namespace postfix_proto
