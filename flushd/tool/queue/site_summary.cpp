#include "flushd/tool/queue/site_summary.hpp"

#include <algorithm>
#include <limits>

namespace flushd::tool {

namespace {

/// The value to sort by: greater ones come first.
std::int64_t rank(const site_summary& site, sort_key key) {
    constexpr auto last = std::numeric_limits<std::int64_t>::min();
    switch (key) {
    case sort_key::site:
        break;
    case sort_key::listed:
        return static_cast<std::int64_t>(site.listed);
    case sort_key::deferred:
        return static_cast<std::int64_t>(site.deferred);
    case sort_key::oldest:
        return site.oldest ? -static_cast<std::int64_t>(*site.oldest) : last;
    case sort_key::size:
        return site.size;
    case sort_key::sent:
        if (const auto when = site.sent.at ? site.sent.at : site.sent.none_since)
            return -static_cast<std::int64_t>(*when);
        return last;
    }
    return 0;
}

} // namespace

site_summary summarise(const listed_site& site, const queue_files& files,
                       std::optional<logfile_times::time> only_flushd_since) {
    site_summary result(site.file);
    result.listed = site.ids.size();
    result.duplicates = site.duplicates;
    result.bad = site.bad;
    result.sent = find_last_send(site.times, only_flushd_since);
    for (const auto& id : site.ids) {
        const auto message = files.read_deferred(id);
        if (!message)
            continue;
        ++result.deferred;
        result.size += message->size;
        result.oldest =
            std::min(result.oldest.value_or(message->arrival_time), message->arrival_time);
    }
    return result;
}

site_summary total_of(const std::vector<site_summary>& sites) {
    site_summary total(*logfile_name::from_name("total"));
    for (const auto& site : sites) {
        total.listed += site.listed;
        total.deferred += site.deferred;
        total.duplicates += site.duplicates;
        total.bad += site.bad;
        total.size += site.size;
        if (site.oldest)
            total.oldest = std::min(total.oldest.value_or(*site.oldest), *site.oldest);
        // An optional without a value is less than one with a value.
        total.sent.at = std::max(total.sent.at, site.sent.at);
        total.sent.none_since = std::max(total.sent.none_since, site.sent.none_since);
    }
    (total.sent.at < total.sent.none_since ? total.sent.at : total.sent.none_since).reset();
    return total;
}

void sort_sites(std::vector<site_summary>& sites, sort_key key) {
    std::sort(sites.begin(), sites.end(), [key](const auto& a, const auto& b) {
        const auto left = rank(a, key), right = rank(b, key);
        return left != right ? left > right : a.file < b.file;
    });
}

void keep_older(std::vector<site_summary>& sites, std::chrono::seconds age, std::time_t now) {
    const auto is_younger = [&](const site_summary& site) {
        return !site.oldest || now - *site.oldest <= age.count();
    };
    sites.erase(std::remove_if(sites.begin(), sites.end(), is_younger), sites.end());
}

} // namespace flushd::tool
