#include "postfix_proto/errors.hpp"

#include <system_error>

namespace postfix_proto {

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

} // namespace postfix_proto
