#include "postfix_proto/process_name.hpp"

namespace postfix_proto {

std::string_view process_basename(std::string_view path) noexcept {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos || slash + 1 == path.size() ? path
                                                                       : path.substr(slash + 1);
}

} // namespace postfix_proto
