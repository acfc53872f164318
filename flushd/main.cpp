#include "flushd/flush_daemon.hpp"
#include "flushd/tool/tool.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/mail_log.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <exception>
#include <new>
#include <string>

int main(int argc, char* argv[]) {
    using namespace postfix_proto;
    if (flushd::tool::is_for_tool(argc, argv))
        return flushd::tool::run_tool(argc, argv);

    logger log(make_log_sink_before_configuration(argc > 0 ? argv[0] : "flushd"));
    std::string reason;
    severity level = severity::fatal;
    try {
        return flushd::run_daemon(argc, argv, log);
    } catch (const startup_error& e) {
        reason = e.what();
    } catch (const std::bad_alloc&) {
        reason = "out of memory";
    } catch (const std::exception& e) { // a mistake of ours
        level = severity::panic;
        reason = e.what();
    }
    log.write(level, reason);
    if (::isatty(STDERR_FILENO) != 0)
        fmt::print(stderr, "flushd: {}: {}\n", severity_label(level), printable(reason));
    ::sleep(1); // as Postfix does, so that a process that fails at once cannot take the machine
    return 1;
}
