/// Recognises the destinations that an operator has named.
#pragma once

#include "flushd/tool/queue/site_names.hpp"

#include "postfix_proto/domain_name.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// The destinations of a command line. A name may be in any case, in Unicode or in ASCII; the name
/// of a logfile stands for all destinations that share it.
class named_destinations {
public:
    named_destinations() = default;
    /// `names` must outlive this object.
    named_destinations(const std::vector<std::string>& typed, const site_names& names);

    /// Whether none has been named, so that all are meant.
    [[nodiscard]] bool means_all() const noexcept { return names_.empty() && files_.empty(); }
    [[nodiscard]] bool contains(std::string_view domain) const;

private:
    [[nodiscard]] std::string in_ascii(std::string_view domain) const;

    const site_names* site_names_ = nullptr;
    postfix_proto::domain_to_ascii to_ascii_;
    std::set<std::string, std::less<>> names_; // in ASCII and lower case, where they can be
    std::set<logfile_name> files_;
};

} // namespace flushd::tool
