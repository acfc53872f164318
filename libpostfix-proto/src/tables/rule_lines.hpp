/// Splits the source of a regexp:, pcre: or cidr: table into its rules. Private to the library.
#pragma once

#include "postfix_proto/logical_lines.hpp"
#include "postfix_proto/lookup_table.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

struct rule_lines {
    std::vector<logical_line> lines; ///< without white space at the end
    std::vector<std::string> files;
};

/// Reads the file `name`, or parses `{ { line }, { line } ... }` (Postfix 3.7:
/// util/dict_stream.c).
[[nodiscard]] result<rule_lines, table_failure> read_rule_lines(std::string_view type,
                                                                std::string_view name,
                                                                const open_options& options,
                                                                logger& log);

/// Whether the line starts with the word in any case and the word ends there.
[[nodiscard]] bool starts_with_word(std::string_view line, std::string_view word);

/// Letters and digits of ASCII.
[[nodiscard]] bool is_alphanumeric(char c) noexcept;

/// Removes "!" and white space from the front. Returns false if the number of "!" is odd.
[[nodiscard]] bool take_negations(std::string_view& text);

} // namespace postfix_proto
