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

/// The answers that are known during one lookup. Discard them afterwards, so that the next lookup
/// asks again.
class remote_answers {
public:
    /// Returns the answer; or, if there is none yet, notes the question and returns null.
    [[nodiscard]] const remote_answer* find(const remote_question& question);
    /// Notes an answer. After that there is no question until another lookup leaves one.
    void add(const remote_question& question, remote_answer answer);

    /// The question of the last unanswered lookup.
    [[nodiscard]] const std::optional<remote_question>& question() const { return question_; }

private:
    std::map<remote_question, remote_answer> known_;
    std::optional<remote_question> question_;
};

/// Why a plain find() in such a table fails.
inline constexpr const char* cannot_ask_here = "proxymap(8) cannot be asked here";

/// For open_lookup_table(). The name is "type:name". The first lookup shows whether proxymap knows
/// the table and whether its keys are fixed. Postfix instead asks when it starts, waits for
/// proxymap for ever, and ends if the table is not in $proxy_read_maps.
[[nodiscard]] opened_table open_proxy_table(std::string_view type, std::string_view name,
                                            const open_options& options, logger& log);

/// The same for a table that is written without "proxy:", and is of a type such as mysql.
[[nodiscard]] opened_table open_proxied_table(std::string_view type, std::string_view name,
                                              const open_options& options, logger& log);

} // namespace postfix_proto
