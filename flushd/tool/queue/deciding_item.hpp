/// Tells which item of a domain list decides about a site, and changes the list in its favour.
#pragma once

#include "flushd/core/flush_parameters.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// What a list says of a site.
struct list_decision {
    enum class kind {
        none,     ///< no item matches
        includes, ///< the site is in the list
        excludes, ///< an item such as "!big.tld" excludes it
        unknown,  ///< a table or file that may exclude it could not be asked
    };
    kind what = kind::none;
    std::string item; ///< that includes or excludes, as written
};

/// Looks at the items of a list such as fast_flush_domains, with parameters expanded, one after the
/// other, as the first that matches decides. Opens its tables with the rights of this process.
/// `parameters` say how domains are compared.
[[nodiscard]] list_decision find_deciding_item(std::string_view list, std::string_view site,
                                               const flush_parameters& parameters);

/// The list, as written in main.cf, with the site added to it, or given precedence over what
/// excludes it: a value for `postconf -e`.
[[nodiscard]] std::string list_including(std::string_view list, std::string_view site,
                                         const list_decision& now);

/// The list with one more item at its end.
[[nodiscard]] std::string with_domain(std::string_view list, std::string_view domain);

} // namespace flushd::tool
