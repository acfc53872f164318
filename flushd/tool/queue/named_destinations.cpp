#include "flushd/tool/queue/named_destinations.hpp"

#include "postfix_proto/casefold.hpp"

#include <algorithm>

namespace flushd::tool {

named_destinations::named_destinations(const std::vector<std::string>& typed,
                                       const site_names& names)
    : site_names_(&names) {
    for (const auto& name : typed) {
        names_.insert(in_ascii(name));
        if (!is_logfile_name(name))
            continue;
        if (auto file = names.logfile_of(name))
            files_.insert(*std::move(file));
    }
}

std::string named_destinations::in_ascii(std::string_view domain) const {
    auto result = postfix_proto::casefold(domain, true);
    const auto is_ascii = std::all_of(result.begin(), result.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
    if (is_ascii)
        return result;
    if (auto converted = to_ascii_(result))
        return *std::move(converted);
    return result;
}

bool named_destinations::contains(std::string_view domain) const {
    if (means_all())
        return true;
    if (names_.contains(in_ascii(domain)))
        return true;
    if (files_.empty())
        return false;
    const auto file = site_names_->logfile_of(domain);
    return file && files_.contains(*file);
}

} // namespace flushd::tool
