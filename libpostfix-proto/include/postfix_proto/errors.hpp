/// Defines startup_error, the exception for a failed start-up, and errno_text(), the text of an
/// errno value.
#pragma once

#include <stdexcept>
#include <string>

namespace postfix_proto {

/// Thrown when start-up cannot continue. The text names the parameter or file and the reason; the
/// handler logs it as `fatal` and ends the process with a non-zero status.
class startup_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The text for an errno value, as Postfix's %m.
[[nodiscard]] std::string errno_text(int error_number);

} // namespace postfix_proto
