/// Finds the word that was probably meant by a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// The number of letters to insert, delete, replace or swap with their neighbour to turn one word
/// into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The known word nearest to the mistyped one, or the only one that it abbreviates. Empty when none
/// is near.
[[nodiscard]] std::string near_word(std::string_view typed, const std::vector<std::string>& known);

} // namespace flushd::tool
