/// Joins physical lines into logical lines: a line that starts with white space continues the
/// previous one, as in main.cf and in the sources of lookup tables (Postfix 3.7: util/readlline.c).
#pragma once

#include "postfix_proto/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

/// A line with its continuations, the line ends between them taken out.
struct logical_line {
    std::size_t number; ///< of the first physical line, from 1 on
    std::string text;   ///< without line ends; a continuation keeps its leading white space

    bool operator==(const logical_line&) const = default;
};

/// Splits a file's text. Lines that are empty, blank, or a comment (`#` after optional white space)
/// are skipped wherever they are, also between a line and its continuation. A continuation of
/// nothing is skipped with a warning that names `file`.
[[nodiscard]] std::vector<logical_line> split_logical_lines(std::string_view text,
                                                            std::string_view file, logger& log);

} // namespace postfix_proto
