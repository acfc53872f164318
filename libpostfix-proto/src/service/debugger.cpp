#include "postfix_proto/debugger.hpp"

#include "postfix_proto/errors.hpp"

#include <cstdlib>

namespace postfix_proto {

void run_debugger_command(const std::string& command, logger& log) {
    if (command.empty())
        throw startup_error("parameter debugger_command: empty, but -D or MAIL_DEBUG asks for it");
    log.info("running: {}", command);
    [[maybe_unused]] const int status = std::system(command.c_str());
}

} // namespace postfix_proto
