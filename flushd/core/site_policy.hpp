/// Decides which sites are eligible, and names their logfiles.
#pragma once

#include "flushd/core/flush_parameters.hpp"
#include "flushd/core/logfile_name.hpp"

#include "postfix_proto/domain_list.hpp"
#include "postfix_proto/domain_name.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/proxymap_client.hpp"
#include "postfix_proto/repeated_warning.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flushd {

/// Decides by fast_flush_domains. The constructor opens its tables, so call it before chroot(2).
class site_policy {
public:
    /// Throws startup_error for an invalid list. A file or table that cannot be opened is only
    /// logged: sites that reach it get `unknown`.
    site_policy(const flush_parameters& parameters, postfix_proto::logger& log);

    enum class refusal {
        denied,  ///< not eligible, or not a name that mail could be sent to
        unknown, ///< a file or table that is needed for the decision is not usable now
    };
    using verdict = std::variant<logfile_name, refusal>;

    /// `site` is the text that a client sent: a domain in any case, in ASCII or UTF-8, or an
    /// address in brackets. Stock Postfix has denied addresses since 3.0, because they do not
    /// convert to ASCII, although the list may name them.
    ///
    /// A name that is too long for a logfile is denied before the list is searched. (A pattern
    /// table may need seconds for the 8192 bytes that a client may send.)
    ///
    /// Returns nothing if the decision depends on another process: then call resolve().
    [[nodiscard]] std::optional<verdict> resolve_now(std::string_view site);

    /// The same, but asks proxymap(8) if the list requires that. This object and `proxymap` must
    /// outlive the call.
    [[nodiscard]] boost::asio::awaitable<verdict> resolve(std::string site,
                                                          postfix_proto::proxymap_client& proxymap);

    /// The files that the answers depend on.
    [[nodiscard]] std::vector<std::string> files() const { return domains_.files(); }

private:
    [[nodiscard]] verdict conclude(std::string_view site, postfix_proto::match_result matched);
    [[nodiscard]] std::optional<logfile_name> find_file(std::string_view site);
    [[nodiscard]] bool is_too_long(std::string_view site);

    postfix_proto::domain_list domains_;
    postfix_proto::domain_to_ascii to_ascii_;
    postfix_proto::repeated_warning cannot_convert_;
};

} // namespace flushd
