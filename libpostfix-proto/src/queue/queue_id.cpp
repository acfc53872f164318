#include "postfix_proto/queue_id.hpp"

#include <algorithm>

namespace postfix_proto {

namespace {

// <cctype> depends on the locale; queue file names do not.
constexpr bool is_queue_file_name_byte(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

} // namespace

bool is_queue_file_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= queue_file_name_limit &&
           std::all_of(name.begin(), name.end(), is_queue_file_name_byte);
}

std::optional<queue_id> queue_id::parse(std::string_view text) {
    if (!is_queue_file_name(text))
        return std::nullopt;
    return queue_id(text);
}

} // namespace postfix_proto
