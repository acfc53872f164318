#include "flushd/tool/queue/site_names.hpp"

#include "postfix_proto/casefold.hpp"
#include "postfix_proto/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace flushd::tool {

namespace {

/// Splits a list at commas and blanks that are not in braces.
std::set<std::string_view> items_of(std::string_view list) {
    std::set<std::string_view> result;
    std::size_t begin = 0, depth = 0;
    for (std::size_t i = 0; i <= list.size(); ++i) {
        const char c = i < list.size() ? list[i] : ',';
        depth += c == '{' ? 1 : 0;
        depth -= c == '}' && depth > 0 ? 1 : 0;
        const bool separates = c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (i < list.size() && (!separates || depth > 0))
            continue;
        if (i > begin)
            result.insert(list.substr(begin, i - begin));
        begin = i + 1;
    }
    return result;
}

} // namespace

std::set<std::string> plain_domains(std::string_view list) {
    std::set<std::string> result;
    for (std::string_view item : items_of(list)) {
        const bool is_address = item.starts_with('[');
        if (item.starts_with('.'))
            item.remove_prefix(1);
        if (item.empty() || item.find_first_of("!/{}$") != std::string_view::npos ||
            (!is_address && item.find(':') != std::string_view::npos))
            continue;
        result.emplace(item);
    }
    return result;
}

bool is_logfile_name(std::string_view text) {
    const auto file = logfile_name::from_name(text);
    return file && text.find('_') != std::string_view::npos &&
           file == logfile_name::from_site(text);
}

std::optional<logfile_name> site_names::logfile_of(std::string_view site) const {
    if (is_logfile_name(site)) // which may be longer than a label
        return logfile_name::from_name(site);
    if (postfix_proto::is_address_literal(site))
        return logfile_name::from_site(site);
    const auto ascii = to_ascii_(site);
    return ascii ? logfile_name::from_site(*ascii) : std::nullopt;
}

void site_names::add(std::string_view site) {
    if (site.empty())
        return;
    if (const auto file = logfile_of(site)) {
        auto name = postfix_proto::casefold(site, true);
        if (!is_logfile_name(name)) // which a user may have typed
            names_[*file].insert(std::move(name));
    }
}

void site_names::add_domain_list(std::string_view list) {
    for (const auto& domain : plain_domains(list))
        add(domain);
}

const std::set<std::string>& site_names::of(const logfile_name& file) const {
    static const std::set<std::string> none;
    const auto found = names_.find(file);
    return found == names_.end() ? none : found->second;
}

std::string site_names::display(const logfile_name& file) const {
    const auto& names = of(file);
    return names.empty() ? file.name()
                         : postfix_proto::printable(fmt::format("{}", fmt::join(names, ", ")));
}

} // namespace flushd::tool
