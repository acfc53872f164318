/// Expands the result of a pattern, in which $number stands for the text that a group matched
/// (Postfix 3.7: util/mac_parse.c). Private to the library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

class result_template {
public:
    /// Returns what is wrong with the text, or an empty one.
    [[nodiscard]] std::string parse(std::string_view text);

    /// The greatest number in use; 0 when there is none.
    [[nodiscard]] std::size_t highest_group() const noexcept { return highest_group_; }

    /// `groups[n]` is for $n; one that matched nothing is empty. There must be enough.
    [[nodiscard]] std::string expand(const std::vector<std::string_view>& groups) const;

private:
    struct piece {
        std::string literal;
        std::size_t group = 0; ///< 0: the literal
    };
    [[nodiscard]] std::string add_group(std::string_view name);

    std::vector<piece> pieces_;
    std::size_t highest_group_ = 0;
};

} // namespace postfix_proto
