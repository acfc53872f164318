/// Maps logfile names back to domain names.
#pragma once

#include "flushd/core/address_text.hpp"
#include "flushd/core/logfile_name.hpp"

#include "postfix_proto/domain_name.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The plain domains in a list such as fast_flush_domains, without tables, files and exceptions.
/// `.customer.tld` counts as customer.tld.
[[nodiscard]] std::set<std::string> plain_domains(std::string_view list);

/// Whether the text looks like the name of a logfile in flush/, such as sub_customer_tld, and not
/// like a domain that mail is sent to.
[[nodiscard]] bool is_logfile_name(std::string_view text);

/// Remembers the sites that share a logfile. Their names cannot be derived from the logfile's:
/// a-b.tld and a.b.tld are both a_b_tld.
class site_names {
public:
    /// The logfile of a site, which may also be given as the logfile's name. Nothing if mail cannot
    /// be sent to such a name.
    [[nodiscard]] std::optional<logfile_name> logfile_of(std::string_view site) const;

    /// Does nothing if the text is not the name of a site.
    void add(std::string_view site);
    void add_domain_list(std::string_view list);

    /// The known sites of a logfile, in lower case.
    [[nodiscard]] const std::set<std::string>& of(const logfile_name& file) const;

    /// The known sites, or the logfile's own name if none is known.
    [[nodiscard]] std::string display(const logfile_name& file) const;

private:
    postfix_proto::domain_to_ascii to_ascii_;
    std::map<logfile_name, std::set<std::string>> names_;
};

} // namespace flushd::tool
