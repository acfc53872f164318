#include "modes.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <map>
#include <string>

int main(int argc, char* argv[]) {
    using namespace bench;
    const std::map<std::string, void (*)(const arguments&)> modes = {
        {"add", run_adds},
        {"probe", run_probe},
        {"send", run_send},
        {"baseline-loop", run_baseline_loop},
        {"baseline-moves", run_baseline_moves},
        {"make-queue", make_queue},
        {"make-logfiles", make_logfiles},
    };
    const auto mode = modes.find(argc > 1 ? argv[1] : "");
    if (mode == modes.end()) {
        fmt::print(stderr, "usage: flush_bench add|probe|send|baseline-loop|baseline-moves|"
                           "make-queue|make-logfiles --name value ...\n");
        return 64;
    }
    std::signal(SIGPIPE, SIG_IGN);
    try {
        mode->second(arguments(argc, argv, 2));
        return 0;
    } catch (const std::exception& e) {
        fmt::print(stderr, "flush_bench {}: {}\n", argv[1], e.what());
        return 1;
    }
}
