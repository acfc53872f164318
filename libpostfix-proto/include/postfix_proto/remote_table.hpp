/// Implements tables whose lookups another process performs: "proxy:type:name", through proxymap(8)
/// (Postfix 3.7: global/dict_proxy.c), and, in the same way, tables of types that only Postfix
/// itself supports.
///
/// The table does no I/O. The caller keeps the answers it has in a remote_answers. A lookup that
/// needs another answer leaves a question there; the caller gets the answer and repeats the lookup:
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
#include "postfix_proto/remote_question.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

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
