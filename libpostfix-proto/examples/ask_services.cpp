// Asks the services that the SMTP server asks, as root or mail_owner:
//     ask_services anvil SERVICE ADDRESS     how many connections, and at which rates
//     ask_services verify ADDRESS            whether mail can be delivered there
//     ask_services proxymap TYPE:NAME KEY    what a table of $proxy_read_maps has for a key
#include <postfix_proto/anvil_client.hpp>
#include <postfix_proto/errors.hpp>
#include <postfix_proto/log.hpp>
#include <postfix_proto/postconf.hpp>
#include <postfix_proto/proxymap_client.hpp>
#include <postfix_proto/stderr_sink.hpp>
#include <postfix_proto/verify_client.hpp>

#include <fmt/format.h>

#include <sysexits.h>
#include <unistd.h>

#include <optional>
#include <vector>

using namespace postfix_proto;
using namespace std::chrono_literals;

namespace {

int fail(const std::string& why) {
    fmt::print(stderr, "ask_services: {}\n", why);
    return EX_UNAVAILABLE;
}

int ask_anvil(const std::string& service, const std::string& client) {
    blocking_anvil_client anvil({.limit = 10s});
    const auto answer = anvil.ask(anvil_request::lookup, service, client);
    if (answer.failure)
        return fail(answer.failure->text);
    const auto& counts = answer.counts;
    fmt::print("connections={} rate={} messages={} recipients={}\n", counts.connections,
               counts.connection_rate, counts.message_rate, counts.recipient_rate);
    return EX_OK;
}

int ask_verify(const std::string& address) {
    blocking_verify_client verify({.limit = 10s});
    const auto answer = verify.query(address);
    if (answer.failure)
        return fail(answer.failure->text);
    fmt::print("{} {}\n", static_cast<int>(answer.status), answer.reason);
    return EX_OK;
}

int ask_proxymap(const postconf_result& main_cf, const std::string& table, const std::string& key) {
    const auto release = parse_mail_version(main_cf.get("mail_version"));
    if (!release)
        return fail("mail_version is not a version");
    logger log(std::make_unique<stderr_sink>("ask_services"));
    blocking_proxymap_client proxymap({.form = proxymap_form_of(*release), .limit = 10s}, log);
    const auto answer = proxymap.ask({table, key});
    using status = lookup_result::status;
    if (answer.result.outcome == status::failed)
        return fail(answer.result.text);
    if (answer.result.outcome == status::not_found)
        return 1; // as postmap(1) does
    fmt::print("{}\n", answer.result.text);
    return EX_OK;
}

} // namespace

int main(int argc, char* argv[]) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    std::optional<postconf_result> main_cf;
    try {
        main_cf = read_postconf({.names = {"mail_version", "queue_directory"}});
        if (::chdir(main_cf->get("queue_directory").c_str()) < 0)
            throw startup_error("chdir: " + errno_text(errno));
    } catch (const startup_error& error) {
        fmt::print(stderr, "ask_services: fatal: {}\n", error.what());
        return EX_CONFIG;
    }
    if (words.size() == 3 && words[0] == "anvil")
        return ask_anvil(words[1], words[2]);
    if (words.size() == 2 && words[0] == "verify")
        return ask_verify(words[1]);
    if (words.size() == 3 && words[0] == "proxymap")
        return ask_proxymap(*main_cf, words[1], words[2]);
    fmt::print(stderr, "usage: ask_services anvil SERVICE ADDRESS | verify ADDRESS | "
                       "proxymap TYPE:NAME KEY\n");
    return EX_USAGE;
}
