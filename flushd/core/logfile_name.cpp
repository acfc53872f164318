#include "flushd/core/logfile_name.hpp"

#include "flushd/core/address_text.hpp"

#include "postfix_proto/queue_id.hpp"

namespace flushd {

std::optional<logfile_name> logfile_name::from_site(std::string_view site) {
    std::string name;
    name.reserve(site.size());
    for (const char byte : site) {
        const char c = to_lower(byte);
        name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
    }
    return from_name(name);
}

std::optional<logfile_name> logfile_name::from_name(std::string_view name) {
    if (!postfix_proto::is_queue_file_name(name))
        return std::nullopt;
    return logfile_name(std::string(name));
}

} // namespace flushd
