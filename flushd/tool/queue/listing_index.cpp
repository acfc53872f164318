#include "flushd/tool/queue/listing_index.hpp"

#include "flushd/core/keyed_hash.hpp"

#include <algorithm>

namespace flushd::tool {

listing_index::listing_index(const std::vector<listed_site>& sites,
                             std::optional<logfile_times::time> only_flushd_since) {
    std::size_t lines = 0;
    for (const auto& site : sites)
        lines += site.ids.size();
    entries_.reserve(lines);
    sites_.reserve(sites.size());
    for (const auto& site : sites) {
        numbers_.emplace(site.file, sites_.size());
        auto& summary = sites_.emplace_back(site.file);
        summary.listed = site.ids.size();
        summary.duplicates = site.duplicates;
        summary.bad = site.bad;
        summary.sent = find_last_send(site.times, only_flushd_since);
        for (const auto& id : site.ids)
            entries_.push_back(
                {keyed_hash(id.str()), static_cast<std::uint32_t>(sites_.size() - 1)});
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const entry& a, const entry& b) { return a.id < b.id; });
}

void listing_index::count(const waiting_message& message) {
    current_ = {};
    if (entries_.empty())
        return;
    const auto [first, last] =
        std::equal_range(entries_.begin(), entries_.end(), entry{keyed_hash(message.id.str()), 0},
                         [](const entry& a, const entry& b) { return a.id < b.id; });
    current_ = {first, last};
    if (message.where != queue_files::place::deferred)
        return;
    for (const auto& one : current_) {
        auto& site = sites_[one.site];
        ++site.deferred;
        site.size += message.size;
        site.oldest = std::min(site.oldest.value_or(message.arrival), message.arrival);
    }
}

bool listing_index::lists(std::size_t site) const {
    return std::any_of(current_.begin(), current_.end(),
                       [site](const entry& one) { return one.site == site; });
}

std::optional<std::size_t> listing_index::find(const logfile_name& file) const {
    const auto found = numbers_.find(file);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace flushd::tool
