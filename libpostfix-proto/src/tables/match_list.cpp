#include "postfix_proto/match_list.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/casefold.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/logical_lines.hpp"
#include "tables/read_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace postfix_proto {

namespace {

/// Postfix's name for the table that stands for a list file it cannot read (DICT_TYPE_NOFILE).
constexpr std::string_view missing_file_type = "non-existent";

bool is_table(std::string_view item) {
    return !item.starts_with('[') && item.find(':') != std::string_view::npos;
}

} // namespace

/// The files that are being read, innermost first.
struct match_list::open_file {
    const std::string& path;
    const open_file* outer;
    std::size_t depth;
};

match_list::match_list(std::string_view parameter, std::string_view value, style how,
                       const open_options& options, logger& log)
    : parameter_(parameter), style_(how), options_(options), log_(&log), lookup_problem_(log) {
    // Initialises ICU now: the first name that needs it may come after a chroot.
    static_cast<void>(casefold("\xc3\x84", options.utf8));
    parse(value, false, nullptr);
}

void match_list::parse(std::string_view list, bool is_negated, const open_file* inside) {
    while (auto item = next_item(list)) {
        if (item->starts_with('#')) {
            const auto rest = trim(list);
            log_->warning("{}: comment at the end of a line is not supported: {}{}{}", parameter_,
                          *item, rest.empty() ? "" : " ", rest);
            return;
        }
        bool negate = is_negated;
        for (; item->starts_with('!'); item->remove_prefix(1))
            negate = !negate;
        if (item->empty())
            throw startup_error(fmt::format("{}: nothing follows a '!'", parameter_));
        if (item->starts_with('/'))
            parse_file(std::string(*item), negate, inside);
        else if (is_table(*item))
            rules_.push_back({negate, "", open_lookup_table(*item, options_, *log_)});
        else
            rules_.push_back({negate, casefold(*item, options_.utf8), nullptr});
    }
}

void match_list::parse_file(const std::string& path, bool is_negated, const open_file* inside) {
    const open_file self{path, inside, inside == nullptr ? 1 : inside->depth + 1};
    for (const open_file* outer = inside; outer != nullptr; outer = outer->outer) {
        std::error_code ignored; // files that cannot be compared count as different
        if (outer->path == path || std::filesystem::equivalent(outer->path, path, ignored))
            return add_unusable_file(path, "the file names itself");
    }
    if (self.depth > max_file_depth)
        return add_unusable_file(path, "files name files more than " +
                                           std::to_string(max_file_depth) + " deep");
    const auto file = read_file(path, options_.patience, *log_);
    if (!file)
        return add_unusable_file(path, file.error().message());
    list_files_.push_back(path);
    if (options_.joins_list_lines) {
        for (const logical_line& line : split_logical_lines(*file, path, *log_))
            parse(line.text, is_negated, &self);
        return;
    }
    for (std::string_view rest = *file; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (!line.starts_with('#'))
            parse(line, is_negated, &self);
    }
}

void match_list::add_unusable_file(const std::string& path, std::string_view why) {
    rules_.push_back(
        {false, "",
         make_unavailable_table(missing_file_type, path, fmt::format("open file {}: {}", path, why),
                                {path}, options_, *log_)});
}

match_result match_list::match(std::string_view name) {
    query one(*this, name);
    for (;;) {
        const auto step = one.next();
        if (const auto* result = std::get_if<match_result>(&step))
            return *result;
        one.answer({lookup_result::failed(cannot_ask_here)});
    }
}

match_list::query::query(match_list& list, std::string_view name)
    : list_(list), name_(casefold(name, list.options_.utf8)) {}

match_list::query::step match_list::query::next() {
    const auto result_of = [](const rule& matched) {
        return matched.is_negated ? match_result::not_matched : match_result::matched;
    };
    for (; rule_ < list_.rules_.size(); ++rule_, key_start_ = 0) {
        const rule& entry = list_.rules_[rule_];
        if (!entry.table) {
            if (list_.pattern_matches(entry.pattern, name_))
                return result_of(entry);
            continue;
        }
        lookup_table& table = *entry.table;
        while (key_start_ < name_.size()) {
            const std::string_view key = std::string_view(name_).substr(key_start_);
            const lookup_result result = table.find_given(key, answers_);
            switch (result.outcome) {
            case lookup_result::status::found:
                return result_of(entry);
            case lookup_result::status::unanswered:
                return answers_.question().value();
            case lookup_result::status::failed:
                list_.lookup_problem_("{}: {}:{}: table lookup problem: {}", list_.parameter_,
                                      table.type(), table.name(), result.text);
                return match_result::failed;
            case lookup_result::status::not_found:
                key_start_ = list_.next_key(table, name_, key_start_);
            }
        }
    }
    list_.log_->debug("match_list: {}: {}: no match", list_.parameter_, name_);
    return match_result::not_matched;
}

void match_list::query::answer(remote_answer answer) {
    const remote_question question = answers_.question().value();
    answers_.add(question, std::move(answer));
}

bool match_list::pattern_matches(std::string_view pattern, std::string_view name) const {
    if (name == pattern)
        return true;
    if (style_ == style::exact || name.size() <= pattern.size() || !name.ends_with(pattern))
        return false;
    return style_ == style::parent_matches_below ? name[name.size() - pattern.size() - 1] == '.'
                                                 : pattern.front() == '.';
}

/// The offset of the parent domain's key; the end of the name if there is no parent.
std::size_t match_list::next_key(const lookup_table& table, std::string_view name,
                                 std::size_t start) const {
    if (style_ == style::exact || !table.keys_are_fixed())
        return name.size();
    // Start one further: a dot at the start belongs to the key that was just looked up.
    const std::size_t dot = name.find('.', start + 1);
    if (dot == std::string_view::npos)
        return name.size();
    return style_ == style::parent_matches_below ? dot + 1 : dot;
}

bool match_list::asks_elsewhere() const {
    return std::any_of(rules_.begin(), rules_.end(), [](const rule& entry) {
        return entry.table && entry.table->asks_elsewhere();
    });
}

std::vector<std::string> match_list::files() const {
    std::vector<std::string> all = list_files_;
    for (const rule& entry : rules_) {
        if (!entry.table)
            continue;
        for (std::string& file : entry.table->files())
            all.push_back(std::move(file));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

} // namespace postfix_proto
