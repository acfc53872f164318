#include "postfix_proto/queue_path.hpp"

#include "text/ascii_case.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace postfix_proto {

namespace {

// The layout of a long queue ID (mail_queue.h, Postfix 3.7): at least six digits of seconds,
// exactly four of microseconds, 'z', the inode number.
constexpr char inode_separator = 'z';
constexpr std::size_t microsecond_digits = 4;
constexpr std::size_t shortest_time = 10;
// Base 52: no vowels, so that no ID spells a word.
constexpr std::string_view long_id_alphabet =
    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

} // namespace

queue_layout::queue_layout(std::string_view hashed_queues, unsigned depth)
    : depth_(std::max(depth, 1U)) {
    constexpr std::string_view separators = ", \t\r\n";
    while (true) {
        const auto start = hashed_queues.find_first_not_of(separators);
        if (start == std::string_view::npos)
            break;
        hashed_queues.remove_prefix(start);
        const auto item = hashed_queues.substr(0, hashed_queues.find_first_of(separators));
        auto& name = hashed_queues_.emplace_back(item);
        std::transform(name.begin(), name.end(), name.begin(), to_lower);
        hashed_queues.remove_prefix(item.size());
    }
}

std::string queue_layout::path(std::string_view queue, std::string_view name) const {
    return path_at(queue, name, depth(queue));
}

unsigned queue_layout::depth(std::string_view queue) const {
    const bool is_hashed =
        std::any_of(hashed_queues_.begin(), hashed_queues_.end(),
                    [&](const auto& hashed) { return is_in_any_case(queue, hashed); });
    return is_hashed ? depth_ : 0;
}

std::string queue_layout::path_at(std::string_view queue, std::string_view name, unsigned depth) {
    std::string result;
    result.reserve(queue.size() + name.size() + 2 * depth + 1);
    result += queue;
    result += '/';
    if (depth > 0) {
        const std::string key = hash_key(name);
        for (unsigned level = 0; level < depth; ++level) {
            result += level < key.size() ? key[level] : '_';
            result += '/';
        }
    }
    result += name;
    return result;
}

std::string queue_layout::hash_key(std::string_view name) {
    const auto separator = name.rfind(inode_separator);
    if (separator == std::string_view::npos || separator < shortest_time)
        return std::string(name);
    unsigned long microseconds = 0;
    for (const char c : name.substr(separator - microsecond_digits, microsecond_digits)) {
        const auto digit = long_id_alphabet.find(c);
        if (digit == std::string_view::npos) {
            // Not a queue ID but, say, the logfile of www.example.cz: Postfix goes on with 0.
            microseconds = 0;
            break;
        }
        microseconds = microseconds * long_id_alphabet.size() + digit;
    }
    return fmt::format("{:05X}", microseconds);
}

std::error_code make_parent_directories(const std::string& path) {
    for (auto slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string directory = path.substr(0, slash);
        if (::mkdir(directory.c_str(), 0700) < 0 && errno != EEXIST)
            return {errno, std::generic_category()};
    }
    return {};
}

} // namespace postfix_proto
