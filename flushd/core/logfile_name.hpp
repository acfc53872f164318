/// Converts a site's name to the name of its logfile.
#pragma once

#include "flushd/core/keyed_hash.hpp"

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace flushd {

/// The name of a logfile below `flush/`: 1 to 255 letters, digits and underscores, so a path made
/// from it cannot leave that directory.
class logfile_name {
public:
    /// Converts a site's name as Postfix does: letters to lower case, and any byte that is neither
    /// a letter nor a digit to an underscore (flush_site_to_path(), Postfix 3.7). So a-b.tld and
    /// a.b.tld share a logfile. `site` must be ASCII. Returns nothing for an empty or over-long
    /// name.
    [[nodiscard]] static std::optional<logfile_name> from_site(std::string_view site);

    /// Accepts a name that was found in the directory.
    [[nodiscard]] static std::optional<logfile_name> from_name(std::string_view name);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    friend auto operator<=>(const logfile_name&, const logfile_name&) = default;

private:
    explicit logfile_name(std::string name) : name_(std::move(name)) {}
    std::string name_;
};

} // namespace flushd

template <>
struct std::hash<flushd::logfile_name> {
    std::size_t operator()(const flushd::logfile_name& site) const noexcept {
        return flushd::keyed_hash(site.name());
    }
};
