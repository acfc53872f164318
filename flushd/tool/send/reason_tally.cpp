#include "flushd/tool/send/reason_tally.hpp"

#include <algorithm>
#include <string_view>

namespace flushd::tool {

namespace {

constexpr std::size_t most_reasons = 1000;
constexpr std::string_view suspended = "delivery temporarily suspended: ";

} // namespace

void reason_tally::add(const deferral& why) {
    is_down_ = why.is_of_destination;
    if (why.reason.empty())
        return;
    std::string_view reason = why.reason;
    if (reason.starts_with(suspended))
        reason.remove_prefix(suspended.size());
    std::pair key(std::string(reason), why.host);
    if (counts_.size() >= most_reasons && !counts_.contains(key))
        key = {"other reasons", ""};
    ++counts_[key];
}

std::vector<counted_reason> reason_tally::most_frequent(std::size_t most) const {
    std::vector<counted_reason> result;
    for (const auto& [key, count] : counts_)
        result.push_back({key.first, key.second, count});
    std::stable_sort(result.begin(), result.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    result.resize(std::min(result.size(), most));
    return result;
}

} // namespace flushd::tool
