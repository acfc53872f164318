/// Describes a lookup that another process performs, such as proxymap(8), and its answer.
#pragma once

#include "postfix_proto/lookup_result.hpp"

#include <compare>
#include <string>

namespace postfix_proto {

/// A lookup that another process is to perform.
struct remote_question {
    std::string table; ///< "type:name", without the "proxy:"
    std::string key;   ///< what to look up, as it is

    auto operator<=>(const remote_question&) const = default;
};

/// The answer to a remote_question.
struct remote_answer {
    lookup_result result;        ///< never `unanswered`
    bool keys_are_fixed = false; ///< of the table; see lookup_table::keys_are_fixed()
};

} // namespace postfix_proto
