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

/// Parses "address", "network/length", "[network]/length" or "[network/length]". The error is
/// the reason, for a log line.
result<block, std::string> parse_block(std::string_view text, bool is_positive) {
    std::optional<std::string_view> length;
    std::string_view network = text;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return unexpected(fmt::format("no ']' after \"{}\"", text));
        network = text.substr(1, end - 1);
        const std::string_view rest = text.substr(end + 1);
        if (rest.starts_with('/'))
            length = rest.substr(1);
        else if (!rest.empty())
            return unexpected(fmt::format("garbage after \"[{}]\"", network));
    }
    if (const std::size_t slash = network.find('/'); !length && slash != std::string_view::npos) {
        length = network.substr(slash + 1);
        network = network.substr(0, slash);
    }

    const auto parsed = address::parse(network);
    if (!length) {
        if (!parsed)
            return unexpected(fmt::format("bad address pattern: \"{}\"", network));
        return block{*parsed, parsed->bits(), is_positive};
    }
    const auto refuse = [&](std::string_view what) {
        return unexpected(fmt::format("{} in \"{}/{}\"", what, network, *length));
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
        return unexpected(fmt::format("host bits are set in \"{}/{}\"; perhaps \"{}/{}\" is meant",
                                      network, *length, parsed->masked(bits).text(), bits));
    return block{*parsed, bits, is_positive};
}

struct rule : table_rule {
    block pattern;
    std::string value;
};

/// Parses one line. The error is the reason, for a log line.
result<rule, std::string> parse_rule(const logical_line& from, bool is_inside_block) {
    std::string_view line = from.text;
    rule parsed;
    parsed.line = from.number;
    if (starts_with_word(line, "endif")) {
        parsed.what = rule::kind::end;
        if (!trim(line.substr(5)).empty())
            return unexpected("garbage after ENDIF");
        if (!is_inside_block)
            return unexpected("ENDIF without IF");
        return parsed;
    }
    const bool is_condition = starts_with_word(line, "if");
    if (is_condition) {
        line.remove_prefix(2);
        parsed.what = rule::kind::begin;
    }
    const bool is_positive = take_negations(line);
    const auto end = is_condition ? line.end() : std::find_if(line.begin(), line.end(), is_space);
    const auto pattern = line.substr(0, static_cast<std::size_t>(end - line.begin()));
    if (pattern.empty())
        return unexpected("no address pattern");
    const auto read = parse_block(pattern, is_positive);
    if (!read)
        return unexpected(read.error());
    parsed.pattern = *read;
    parsed.value = trim(line.substr(pattern.size()));
    if (!is_condition && parsed.value.empty())
        return unexpected("no lookup result");
    return parsed;
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
    auto input = read_rule_lines(type, name, options, log);
    if (!input)
        return unexpected(input.error());
    rule_list<rule> rules;
    for (const logical_line& line : input->lines) {
        auto parsed = parse_rule(line, rules.is_inside_block());
        if (parsed)
            rules.add(*std::move(parsed));
        else
            log.warning("cidr map {}, line {}: {}: skipping this rule", name, line.number,
                        parsed.error());
    }
    rules.close([&](std::size_t line) {
        log.warning("cidr map {}, line {}: IF has no matching ENDIF", name, line);
    });
    return std::make_unique<cidr_table>(type, name, std::move(input->files), std::move(rules));
}

} // namespace postfix_proto
