#include "flushd/daemon/flush_daemon.hpp"
#include "flushd/tool/tool.hpp"

int main(int argc, char* argv[]) {
    if (flushd::tool::is_for_tool(argc, argv))
        return flushd::tool::run_tool(argc, argv);
    return postfix_proto::run_service(argc, argv, flushd::flush_daemon::program());
}
