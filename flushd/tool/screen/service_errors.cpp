#include "flushd/tool/screen/service_errors.hpp"

#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

namespace flushd::tool {

void throw_failure(const postfix_proto::service_failure& failure, const std::string& instead) {
    using reason = postfix_proto::service_failure::reason;
    switch (failure.why) {
    case reason::forbidden:
        throw tool_error(not_permitted(instead), EX_NOPERM);
    case reason::timed_out:
        throw tool_error(failure.text, EX_TEMPFAIL);
    case reason::out_of_resources:
        throw tool_error(failure.text, EX_OSERR);
    case reason::unreachable:
    case reason::closed:
    case reason::malformed:
    case reason::too_many:
    case reason::cancelled:
    case reason::client_closed:
        break;
    }
    throw tool_error(failure.text);
}

std::string not_permitted(const std::string& instead) {
    return fmt::format("only root may do that; an ordinary user may use `{}`", instead);
}

} // namespace flushd::tool
