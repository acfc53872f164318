#include "tables/pattern_table.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "tables/pattern_engine.hpp"
#include "tables/result_template.hpp"
#include "tables/rule_lines.hpp"
#include "tables/rule_list.hpp"

#include <fmt/format.h>

#include <optional>

namespace postfix_proto {

namespace {

struct pattern_test {
    std::unique_ptr<compiled_pattern> pattern;
    bool is_positive = true;
};

struct rule : table_rule {
    pattern_test first;
    std::optional<pattern_test> second;
    result_template result;
};

class pattern_table final : public lookup_table {
public:
    pattern_table(std::string_view type, std::string_view name, std::vector<std::string> files,
                  rule_list<rule> rules, logger& log)
        : lookup_table(type, name, false), files_(std::move(files)), rules_(std::move(rules)),
          log_(log) {}

    lookup_result find(std::string_view key) override {
        const std::string text(key);
        std::vector<std::string_view> groups, unused;
        const rule* found = rules_.find([&](const rule& one) {
            return test(one.first, one.line, text, groups) &&
                   (!one.second || test(*one.second, one.line, text, unused));
        });
        // The groups are those of the rule that was tested last: the one that was found.
        return found != nullptr ? lookup_result::found(found->result.expand(groups))
                                : lookup_result::not_found();
    }
    std::vector<std::string> files() const override { return files_; }

private:
    /// If matching failed, the pattern holds neither with a "!" nor without.
    bool test(const pattern_test& wanted, std::size_t line, const std::string& text,
              std::vector<std::string_view>& groups) {
        const auto matches = wanted.pattern->match(text, groups);
        if (!matches)
            log_.warning("{} map {}, line {}: {}", type(), name(), line, matches.error());
        return matches && *matches == wanted.is_positive;
    }

    std::vector<std::string> files_;
    rule_list<rule> rules_;
    logger& log_;
};

struct pattern_text {
    std::string_view pattern;
    std::string flags;
    bool is_positive = true;
};

class rule_parser {
public:
    rule_parser(const pattern_engine& engine, std::string_view type, std::string_view name,
                logger& log)
        : engine_(engine), type_(type), name_(name), log_(log) {}

    /// Returns nothing for a line that is skipped, after a warning.
    std::optional<rule> parse(const logical_line& line, bool is_inside_block) {
        line_ = line.number;
        const std::string_view text = line.text;
        if (!is_alphanumeric(text.front()))
            return parse_match(text);
        if (starts_with_word(text, "if"))
            return parse_begin(text.substr(2));
        if (starts_with_word(text, "endif"))
            return parse_end(text.substr(5), is_inside_block);
        return skip("neither a pattern nor IF nor ENDIF");
    }

    std::nullopt_t skip(std::string_view why) {
        warn(fmt::format("{}: skipping this rule", why));
        return std::nullopt;
    }
    void warn(std::string_view what) {
        log_.warning("{} map {}, line {}: {}", type_, name_, line_, what);
    }

private:
    std::optional<rule> parse_match(std::string_view text) {
        const auto first = take_pattern(text);
        if (!first)
            return std::nullopt;
        std::optional<pattern_text> second;
        if (engine_.allows_second_pattern() && text.starts_with('!')) {
            second = take_pattern(text);
            if (!second)
                return std::nullopt;
        }
        rule result = new_rule(rule::kind::match);
        text = trim(text);
        if (text.empty())
            warn("no result text: using the empty one");
        auto expansion = result_template::parse(text);
        if (!expansion)
            return skip(expansion.error());
        result.result = *std::move(expansion);
        const std::size_t groups = result.result.highest_group();
        if (groups > 0 && !first->is_positive)
            return skip("$number in the result of a negative match");
        if (!compile(*first, groups > 0, result.first))
            return std::nullopt;
        if (groups > result.first.pattern->group_count())
            return skip(fmt::format("out of range replacement index \"{}\"", groups));
        if (second && !compile(*second, false, result.second.emplace()))
            return std::nullopt;
        return result;
    }

    std::optional<rule> parse_begin(std::string_view text) {
        text = trim(text);
        const auto condition = take_pattern(text);
        if (!condition)
            return std::nullopt;
        if (!trim(text).empty())
            warn(fmt::format("ignoring text after IF: \"{}\"; statements between IF and ENDIF must "
                             "not start with white space",
                             trim(text)));
        rule result = new_rule(rule::kind::begin);
        if (!compile(*condition, false, result.first))
            return std::nullopt;
        return result;
    }

    std::optional<rule> parse_end(std::string_view text, bool is_inside_block) {
        if (!is_inside_block)
            return skip("ENDIF without IF");
        if (!trim(text).empty())
            warn("ignoring text after ENDIF");
        return new_rule(rule::kind::end);
    }

    rule new_rule(rule::kind what) const {
        rule result;
        result.what = what;
        result.line = line_;
        return result;
    }

    /// Removes "!/pattern/flags" from the front. A backslash before a delimiter makes it a part of
    /// the pattern.
    std::optional<pattern_text> take_pattern(std::string_view& text) {
        pattern_text result;
        result.is_positive = take_negations(text);
        if (text.empty())
            return skip("no pattern"), std::nullopt;
        const char delimiter = text.front();
        std::size_t end = 1;
        while (end < text.size() && text[end] != delimiter)
            end += text[end] == '\\' ? 2 : 1;
        if (end >= text.size())
            return skip(fmt::format("no closing delimiter \"{}\"", delimiter)), std::nullopt;
        result.pattern = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        const bool stops_at_bang = engine_.allows_second_pattern();
        for (; !text.empty() && !is_space(text.front()); text.remove_prefix(1)) {
            const char flag = text.front();
            if (stops_at_bang && flag == '!')
                break;
            switch (engine_.judge_flag(flag)) {
            case pattern_engine::flag_verdict::known:
                result.flags += flag;
                break;
            case pattern_engine::flag_verdict::ignored:
                warn(fmt::format("ignoring obsolete flag \"{}\"", flag));
                break;
            case pattern_engine::flag_verdict::unknown:
                return skip(fmt::format("unknown flag \"{}\"", flag)), std::nullopt;
            }
        }
        return result;
    }

    bool compile(const pattern_text& text, bool wants_groups, pattern_test& result) {
        auto compiled = engine_.compile(text.pattern, text.flags, wants_groups);
        if (!compiled) {
            skip(compiled.error());
            return false;
        }
        result = {*std::move(compiled), text.is_positive};
        return true;
    }

    const pattern_engine& engine_;
    std::string_view type_, name_;
    logger& log_;
    std::size_t line_ = 0;
};

opened_table open_pattern_table(const pattern_engine& engine, std::string_view type,
                                std::string_view name, const open_options& options, logger& log) {
    auto input = read_rule_lines(type, name, options, log);
    if (!input)
        return unexpected(input.error());
    rule_parser parser(engine, type, name, log);
    rule_list<rule> rules;
    for (const logical_line& line : input->lines) {
        auto parsed = parser.parse(line, rules.is_inside_block());
        if (parsed)
            rules.add(*std::move(parsed));
    }
    rules.close([&](std::size_t number) {
        log.warning("{} map {}, line {}: IF has no matching ENDIF", type, name, number);
    });
    return std::make_unique<pattern_table>(type, name, std::move(input->files), std::move(rules),
                                           log);
}

} // namespace

opened_table open_regexp_table(std::string_view type, std::string_view name,
                               const open_options& options, logger& log) {
    return open_pattern_table(regexp_engine(), type, name, options, log);
}

#ifdef POSTFIX_PROTO_HAVE_PCRE2
opened_table open_pcre_table(std::string_view type, std::string_view name,
                             const open_options& options, logger& log) {
    return open_pattern_table(pcre_engine(), type, name, options, log);
}
#endif

} // namespace postfix_proto
