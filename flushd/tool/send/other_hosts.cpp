#include "flushd/tool/send/other_hosts.hpp"

#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/verdict_json.hpp"

#include "postfix_proto/domain_name.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/run_program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

namespace flushd::tool {

using kind = etrn_answer::kind;

namespace {

// A customer's mail lies on a few hosts. More than these are a mistake.
constexpr std::size_t most_hosts = 64;
constexpr std::size_t most_at_once = 16;

std::string take_tls_level(const std::string& text, std::optional<tls_level>& level) {
    static const std::map<std::string, tls_level> levels = {{"none", tls_level::none},
                                                            {"may", tls_level::may},
                                                            {"encrypt", tls_level::encrypt},
                                                            {"verify", tls_level::verify}};
    const auto found = levels.find(text);
    if (found == levels.end())
        return "not one of none, may, encrypt, verify: " + text;
    level = found->second;
    return {};
}

/// Throws tool_error if others may read the file.
void check_credentials(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0)
        throw tool_error(fmt::format("{}: {}", path, postfix_proto::errno_text(errno)), EX_NOINPUT);
    if (!S_ISREG(status.st_mode))
        throw tool_error(fmt::format("{} is not a file", path), EX_CONFIG);
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        throw tool_error(fmt::format("{} has passwords, but belongs to another user", path),
                         EX_CONFIG);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        throw tool_error(fmt::format("{0} has passwords, but other users may read or change it: "
                                     "chmod 600 {0}",
                                     path),
                         EX_CONFIG);
}

etrn_settings make_settings(const instance& postfix, const other_hosts_options& options) {
    etrn_settings result;
    if (!options.credentials.empty())
        check_credentials(options.credentials);
    const auto curl = postfix_proto::find_program("curl");
    if (!curl)
        throw tool_error(
            "--host needs curl(1), which is not installed: no host has been asked, and "
            "nothing is sent here");
    result.curl = *curl;
    result.hello = postfix.run_checked("postconf", {"-h", "myhostname"});
    result.hello.erase(result.hello.find_last_not_of(" \n") + 1);
    result.credentials = options.credentials;
    // A password must go to the right host only.
    result.tls =
        options.tls.value_or(options.credentials.empty() ? tls_level::may : tls_level::verify);
    return result;
}

/// What ETRN has for its argument.
std::string ascii_name(const std::string& site) {
    if (postfix_proto::is_address_literal(site))
        return site;
    const auto ascii = postfix_proto::domain_to_ascii()(site);
    if (!ascii)
        throw tool_error(fmt::format("not a domain name: {}", site), EX_USAGE);
    return *ascii;
}

struct question {
    const smtp_host& host;
    std::string site;
    etrn_answer answer = {};
};

/// Asks, a number at a time, and has `tell` called for each answer, by one thread at a time.
void ask_all(std::vector<question>& questions, const etrn_settings& settings,
             const std::function<void(const question&)>& tell) {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    const auto ask = [&] {
        for (auto number = next++; number < questions.size(); number = next++) {
            auto& one = questions[number];
            one.answer = ask_by_etrn(one.host, one.site, settings);
            const std::lock_guard lock(mutex);
            tell(one);
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(questions.size(), most_at_once); ++i)
        threads.emplace_back(ask);
    ask();
    for (auto& thread : threads)
        thread.join();
}

/// The exit status that the answers deserve.
int status_of(const std::vector<question>& questions) {
    int status = EX_OK;
    for (const auto& one : questions)
        if (one.answer.what == kind::refused)
            return EX_UNAVAILABLE;
        else if (one.answer.what != kind::accepted)
            status = EX_TEMPFAIL;
    return status;
}

/// "2 accepted, 1 refused", of what there is.
std::string summarise(const std::vector<question>& questions) {
    std::vector<std::string> parts;
    for (const auto& [what, word] :
         {std::pair(kind::accepted, "accepted"), std::pair(kind::refused, "refused"),
          std::pair(kind::refused_for_now, "refused for now"),
          std::pair(kind::unreachable, "could not be asked")}) {
        const auto count =
            std::count_if(questions.begin(), questions.end(),
                          [what = what](const question& one) { return one.answer.what == what; });
        if (count > 0)
            parts.push_back(fmt::format("{} {}", count, word));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

} // namespace

const char* other_hosts_options::mistake(bool has_sites) const {
    if (!are_used())
        return credentials.empty() && !tls ? nullptr : "--auth-file and --tls need --host";
    if (!has_sites)
        return "--host needs SITE";
    if (hosts.size() > most_hosts)
        return "--host names more than 64 hosts";
    if (tls == tls_level::may && !credentials.empty())
        return "--auth-file needs --tls verify, encrypt or none: with may, anybody on the way "
               "could "
               "get the password";
    return nullptr;
}

void add_other_hosts_options(command_options& command, other_hosts_options& options) {
    const std::string heading = "Other hosts";
    command.repeated(
        {"--host", "Also ask these hosts for their mail, by ETRN; separated by commas", heading},
        "HOST,...", [&options](const std::string& list) { return add_hosts(list, options.hosts); });
    command.parsed({"--auth-file", "A netrc file with user names and passwords for them", heading},
                   "FILE", [&options](const std::string& path) -> std::string {
                       options.credentials = std::filesystem::absolute(path);
                       return {};
                   });
    command.parsed(
        {"--tls", "none, may (default), encrypt or verify (default with --auth-file)", heading},
        "LEVEL", [&options](const std::string& text) { return take_tls_level(text, options.tls); });
}

int send_everywhere(queue_context& queue, const other_hosts_options& options,
                    const std::vector<std::string>& sites, const wait_options& how,
                    const std::function<int()>& send_here) {
    auto settings = make_settings(queue.postfix(), options);
    settings.limit = std::clamp(how.limit, std::chrono::seconds(1), settings.limit);
    std::vector<question> questions;
    for (const auto& site : sites)
        for (const auto& host : options.hosts)
            questions.push_back({host, ascii_name(queue.sites_named(site).front())});
    ask_all(questions, settings, [json = how.json](const question& one) {
        if (json)
            fmt::print("{}", host_line(one.host.str(), one.site, one.answer));
        else
            fmt::print("{}: {}: {}\n", one.host.str(), one.site, one.answer.text);
        std::fflush(stdout);
    });
    const int there = status_of(questions);
    int here = EX_OK;
    try {
        here = send_here();
    } catch (const tool_error& error) {
        std::fflush(stdout);
        fmt::print(stderr, "flushd: {}\n", error.what());
        here = error.status();
    }
    const int status = here != EX_OK ? here : there;
    if (how.json)
        fmt::print("{}", hosts_line(summarise(questions), status));
    else
        fmt::print("other hosts: of {}, {}\n", counted(questions.size(), "request"),
                   summarise(questions));
    return status;
}

} // namespace flushd::tool
