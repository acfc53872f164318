/// Maps logfile names back to domain names.
#pragma once

#include "flushd/core/logfile_name.hpp"

#include "postfix_proto/domain_name.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The domain that delivery agents report: what follows the last `@` of the recipient's address
/// (global/defer.c, Postfix 3.5 to 3.10). Empty when there is none.
[[nodiscard]] std::string_view domain_of(std::string_view address);

/// The names in a domain list such as fast_flush_domains that are plain domains, and no tables,
/// files or exceptions. `.customer.tld` counts as customer.tld.
[[nodiscard]] std::set<std::string> plain_domains(std::string_view list);

/// A logfile's name says less than the site's: a-b.tld and a.b.tld are both a_b_tld. So the names
/// are remembered where they are met.
class site_names {
public:
    /// Where a site is listed; nothing when it is not a name that mail could be sent to. A
    /// logfile's name is taken, too.
    [[nodiscard]] std::optional<logfile_name> logfile_of(std::string_view site) const;

    /// Does nothing with what is not a name of a site.
    void add(std::string_view site);
    void add_domain_list(std::string_view list);

    /// What is known to be listed there, in lower case.
    [[nodiscard]] const std::set<std::string>& of(const logfile_name& file) const;

    /// The names, or that of the logfile where there are none.
    [[nodiscard]] std::string display(const logfile_name& file) const;

private:
    postfix_proto::domain_to_ascii to_ascii_;
    std::map<logfile_name, std::set<std::string>> names_;
};

} // namespace flushd::tool
