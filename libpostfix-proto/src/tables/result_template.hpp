/// Expands the result of a pattern, in which $number stands for the text that a group matched
/// (Postfix 3.7: util/mac_parse.c). Private to the library.
#pragma once

#include "postfix_proto/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

class result_template {
public:
    /// Parses the text. The error is the reason, for a log line.
    [[nodiscard]] static result<result_template, std::string> parse(std::string_view text);

    /// The greatest group number in use; 0 if there is none.
    [[nodiscard]] std::size_t highest_group() const noexcept { return highest_group_; }

    /// `groups[n]` is the text for $n, empty if the group matched nothing. There must be enough
    /// groups.
    [[nodiscard]] std::string expand(const std::vector<std::string_view>& groups) const;

private:
    struct piece {
        std::string literal;
        std::size_t group = 0; ///< 0: the literal
    };
    [[nodiscard]] result<void, std::string> add_group(std::string_view name);

    std::vector<piece> pieces_;
    std::size_t highest_group_ = 0;
};

} // namespace postfix_proto
