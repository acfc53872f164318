/// Tables that another process looks up in: "proxy:type:name", through proxymap(8) (Postfix 3.7:
/// global/dict_proxy.c), and those of a type that only Postfix has code for, the same way.
///
/// The table itself does no I/O. Whoever looks up keeps what is known in a remote_answers; a lookup
/// that needs more leaves a question there, and is done once more when that has been answered:
///
///     remote_answers answers;
///     auto result = table.find_given(key, answers);
///     while (result.outcome == lookup_result::status::unanswered) {
///         const remote_question question = *answers.question();
///         answers.add(question, co_await client.ask(question));
///         result = table.find_given(key, answers);
///     }
#pragma once

#include "postfix_proto/lookup_table.hpp"

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// One lookup for another process to make.
struct remote_question {
    std::string table; ///< "type:name", without the "proxy:"
    std::string key;   ///< what to look up, as it is

    auto operator<=>(const remote_question&) const = default;
};

/// What it came to.
struct remote_answer {
    lookup_result result;        ///< never `unanswered`
    bool keys_are_fixed = false; ///< of the table; see lookup_table::keys_are_fixed()
};

/// What is known in the course of one lookup. Forget it afterwards: the next one asks anew.
class remote_answers {
public:
    /// Null, and the question is noted, when it has not been answered yet.
    [[nodiscard]] const remote_answer* find(const remote_question& question);
    /// Notes an answer. After that there is no question until another lookup leaves one.
    void add(const remote_question& question, remote_answer answer);

    /// What the last unanswered lookup needs to know.
    [[nodiscard]] const std::optional<remote_question>& question() const { return question_; }

private:
    std::map<remote_question, remote_answer> known_;
    std::optional<remote_question> question_;
};

/// Why a plain find() in such a table fails.
inline constexpr const char* cannot_ask_here = "proxymap(8) cannot be asked here";

/// For open_lookup_table(). The name is "type:name". Whether proxymap knows that table, and whether
/// its keys are fixed, turns out at the first lookup. Postfix asks when it starts, waits without
/// end for proxymap, and ends where the table is not one of $proxy_read_maps.
[[nodiscard]] opened_table open_proxy_table(std::string_view type, std::string_view name,
                                            const open_options& options, logger& log);

/// The same for a table that is written without "proxy:", and is of a type such as mysql.
[[nodiscard]] opened_table open_proxied_table(std::string_view type, std::string_view name,
                                              const open_options& options, logger& log);

} // namespace postfix_proto
