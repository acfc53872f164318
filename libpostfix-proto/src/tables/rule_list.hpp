/// Evaluates the rules of regexp:, pcre: and cidr: tables, with IF and ENDIF. Private to the
/// library.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace postfix_proto {

/// The members that all rules have.
struct table_rule {
    enum class kind { match, begin, end };

    kind what = kind::match;
    std::size_t line = 0;                 ///< the line number, for log lines
    std::optional<std::size_t> block_end; ///< of a begin: the matching end, set by rule_list
};

/// Rules in order. Those between a begin that does not hold and its end are ignored. `Rule` is
/// derived from table_rule, and adds what it tests.
template <typename Rule>
class rule_list {
public:
    /// Whether the next rule may be an end.
    [[nodiscard]] bool is_inside_block() const noexcept { return !open_blocks_.empty(); }

    void add(Rule rule) {
        if (rule.what == Rule::kind::begin) {
            open_blocks_.push_back(rules_.size());
        } else if (rule.what == Rule::kind::end) {
            rules_[open_blocks_.back()].block_end = rules_.size();
            open_blocks_.pop_back();
        }
        rules_.push_back(std::move(rule));
    }

    /// Calls `complain` with the line of each begin that has no end, the last one first. Such a
    /// block extends to the end of the list.
    template <typename Complain>
    void close(Complain complain) {
        for (; !open_blocks_.empty(); open_blocks_.pop_back())
            complain(rules_[open_blocks_.back()].line);
    }

    /// The first match that is not ignored and holds, or null. `holds` is called for matches and
    /// begins.
    template <typename Holds>
    [[nodiscard]] const Rule* find(Holds holds) const {
        for (std::size_t i = 0; i < rules_.size(); ++i) {
            const Rule& current = rules_[i];
            if (current.what == Rule::kind::end)
                continue;
            const bool does_hold = holds(current);
            if (current.what == Rule::kind::match && does_hold)
                return &current;
            if (current.what == Rule::kind::begin && !does_hold) {
                if (!current.block_end)
                    break;
                i = *current.block_end;
            }
        }
        return nullptr;
    }

private:
    std::vector<Rule> rules_;
    std::vector<std::size_t> open_blocks_;
};

} // namespace postfix_proto
