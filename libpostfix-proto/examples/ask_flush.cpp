// Asks for the mail of a site: what `postqueue -s` does, with a time limit.
#include <postfix_proto/errors.hpp>
#include <postfix_proto/flush_client.hpp>
#include <postfix_proto/postconf.hpp>

#include <fmt/format.h>

#include <sysexits.h>
#include <unistd.h>

using namespace postfix_proto;

int main(int argc, char* argv[]) {
    if (argc != 2) {
        fmt::print(stderr, "usage: ask_flush site\n");
        return EX_USAGE;
    }
    try {
        const auto main_cf = read_postconf({.names = {"queue_directory", "flush_service_name"}});
        if (::chdir(main_cf.get("queue_directory").c_str()) < 0)
            throw startup_error("chdir: " + errno_text(errno));
        const auto result = ask_flush(send_site_request{argv[1]},
                                      {.path = "public/" + main_cf.get("flush_service_name"),
                                       .limit = std::chrono::seconds(10)});
        if (result.outcome == flush_outcome::ok)
            return EX_OK;
        fmt::print(stderr, "ask_flush: {}\n", result.text);
        return EX_UNAVAILABLE;
    } catch (const startup_error& error) {
        fmt::print(stderr, "ask_flush: fatal: {}\n", error.what());
        return EX_CONFIG;
    }
}
