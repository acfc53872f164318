/// Matches a name against the list of patterns in a Postfix parameter (Postfix 3.7:
/// util/match_list.c, util/match_ops.c).
///
/// Items are separated by commas or white space; braces protect separators within a table name. An
/// item is
///
///     !item         the opposite; may be repeated
///     /file/name    the file's items in its place; lines that start with # are skipped, and since
///                   Postfix 3.8 lines are joined as logical_lines.hpp says
///     type:name     a lookup table; the value does not matter
///     anything      a pattern, compared without regard to case; "[" at the start makes it one
///                   even with a colon inside, as in [IPv6:::1]
///
/// The first item that matches decides; when none does, the answer is no.
#pragma once

#include "postfix_proto/log.hpp"
#include "postfix_proto/lookup_table.hpp"
#include "postfix_proto/remote_table.hpp"
#include "postfix_proto/repeated_warning.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postfix_proto {

/// The result of matching a name.
enum class match_result {
    not_matched, ///< no item matches, or the first that does has a "!"
    matched,     ///< the first item that matches has none
    failed       ///< a table or file that comes before any match could not be used; has been logged
};

/// A list in memory, whose files have been read and whose tables are open. Not thread-safe.
class match_list {
public:
    /// How a pattern is compared with a name.
    enum class style {
        exact,               ///< the whole text (string_list)
        dot_matches_below,   ///< ".example.com" is every name below example.com
        parent_matches_below ///< "example.com" is itself and every name below
    };

    /// How deep files may name files. A file that is being read already is refused anyway.
    static constexpr std::size_t max_file_depth = 10;

    /// Reads the files and opens the tables. `parameter` is named in log lines. Throws
    /// startup_error for a "!" without a pattern and, if `options` says so, for a file or table
    /// that cannot be opened; otherwise logs that as an error, and matching fails when it reaches
    /// that item. `log` must outlive the list.
    match_list(std::string_view parameter, std::string_view value, style how,
               const open_options& options, logger& log);

    /// Under either of the domain styles a table with fixed keys is also asked for the parents of
    /// `name`: as "example.com" or as ".example.com", whichever form the style gives to patterns.
    /// A table that asks another process fails here; see asks_elsewhere() and query.
    [[nodiscard]] match_result match(std::string_view name);

    /// Matching one name, with pauses where another process has to be asked:
    ///
    ///     match_list::query query(list, name);
    ///     auto step = query.next();
    ///     while (const auto* question = std::get_if<remote_question>(&step)) {
    ///         query.answer(co_await client.ask(*question));
    ///         step = query.next();
    ///     }
    ///
    /// The list must outlive it. Several queries may be in progress at a time.
    class query {
    public:
        /// Prepares to match; copies the text of `name`.
        query(match_list& list, std::string_view name);

        /// One step of matching: either the result, or a question for another process.
        using step = std::variant<match_result, remote_question>;
        /// The result, or what has to be answered before next() is called again.
        [[nodiscard]] step next();
        /// The answer to the question of the last step.
        void answer(remote_answer answer);

    private:
        match_list& list_;
        std::string name_;     // case-folded
        std::size_t rule_ = 0; // how far matching got
        std::size_t key_start_ = 0;
        remote_answers answers_;
    };

    /// Whether a query may return a question. Otherwise match() gives the same result.
    [[nodiscard]] bool asks_elsewhere() const;

    /// Every file that the answers depend on, once each, also those that could not be opened.
    [[nodiscard]] std::vector<std::string> files() const;

private:
    struct rule {
        bool is_negated;
        std::string pattern;                 // case-folded; empty for a table
        std::unique_ptr<lookup_table> table; // or null
    };
    struct open_file;

    void parse(std::string_view list, bool is_negated, const open_file* inside);
    void parse_file(const std::string& path, bool is_negated, const open_file* inside);
    void add_unusable_file(const std::string& path, std::string_view why);
    [[nodiscard]] bool pattern_matches(std::string_view pattern, std::string_view name) const;
    [[nodiscard]] std::size_t next_key(const lookup_table& table, std::string_view name,
                                       std::size_t start) const;

    std::string parameter_;
    style style_;
    open_options options_;
    logger* log_;
    std::vector<rule> rules_;
    std::vector<std::string> list_files_;
    repeated_warning lookup_problem_;
};

} // namespace postfix_proto
