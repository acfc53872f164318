#include "flushd/tool/check/check.hpp"

#include "flushd/tool/check/client_restrictions.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/postfix/table_lookup.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/casefold.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

constexpr const char* etrn_restrictions = "smtpd_etrn_restrictions";
constexpr const char* discarded_keywords = "smtpd_discard_ehlo_keywords";
constexpr const char* discarding_maps = "smtpd_discard_ehlo_keyword_address_maps";
constexpr const char* admits_own = "permit_mynetworks, reject";

bool is_loopback(std::string_view host) {
    if (host.starts_with('['))
        host = host.substr(1, host.find(']') - 1);
    return host == "loopback-only" || host == "localhost" || host == "::1" ||
           host.starts_with("127.");
}

/// "smtp/inet" of the line's "smtp inet n - y - - smtpd -o ...", if its program is smtpd.
std::optional<std::string> smtp_server_name(std::string_view line) {
    constexpr std::size_t fields_before_command = 7;
    std::vector<std::string_view> words;
    for (auto rest = line; words.size() <= fields_before_command;) {
        const auto word = next_item(rest);
        if (!word)
            return std::nullopt;
        words.push_back(*word);
    }
    if (words.back() != "smtpd")
        return std::nullopt;
    return fmt::format("{}/{}", words[0], words[1]);
}

bool discards_etrn(std::string_view keywords) {
    while (const auto item = next_item(keywords))
        if (casefold(*item, false) == "etrn")
            return true;
    return false;
}

std::string without_etrn(std::string_view keywords) {
    std::vector<std::string> kept;
    while (const auto item = next_item(keywords))
        if (casefold(*item, false) != "etrn")
            kept.emplace_back(*item);
    return fmt::format("{}", fmt::join(kept, ","));
}

} // namespace

/// A service of master.cf that speaks SMTP with clients.
struct check::smtp_server {
    std::string name;                          ///< smtp/inet
    bool is_reachable = true;                  ///< from other hosts
    std::map<std::string, std::string> values; ///< in force, by parameter
    std::set<std::string> own;                 ///< parameters that master.cf sets

    [[nodiscard]] const std::string& value(const char* parameter) const {
        return values.at(parameter);
    }
};

std::vector<check::smtp_server> check::find_smtp_servers() const {
    const std::vector<std::string> parameters{etrn_restrictions, "smtpd_client_restrictions",
                                              "smtpd_helo_restrictions", discarded_keywords,
                                              discarding_maps};
    auto query = parameters;
    query.insert(query.begin(), {"-x", "inet_interfaces"});
    const auto general = parse_postconf_output(where_.run_checked("postconf", query));
    const auto own = parse_postconf_output(where_.run_checked("postconf", {"-P"}));
    const auto lines = where_.run_checked("postconf", {"-M"});
    bool is_local = true;
    for (std::string_view rest = general.at("inet_interfaces"); const auto item = next_item(rest);)
        is_local = is_local && is_loopback(*item);

    std::vector<smtp_server> result;
    for (std::string_view rest = lines; !rest.empty();) {
        const auto line = take_line(rest);
        auto name = line.empty() || is_space(line.front()) ? std::nullopt : smtp_server_name(line);
        if (!name)
            continue;
        smtp_server server;
        server.name = *std::move(name);
        server.is_reachable = !is_local && !is_loopback(server.name);
        for (const auto& parameter : parameters) {
            const auto found = own.find(server.name + '/' + parameter);
            if (found != own.end())
                server.own.insert(parameter);
            server.values[parameter] = found != own.end()
                                           ? expanded(where_, parameter, found->second)
                                           : general.at(parameter);
        }
        result.push_back(std::move(server));
    }
    return result;
}

void check::check_smtp_servers() {
    try {
        const auto servers = find_smtp_servers();
        if (servers.empty())
            return found_.note("{} has no SMTP server, so nobody can use ETRN here", master_cf_);
        check_refusal(servers);
        check_openness(servers);
        check_keywords(servers);
        check_access_tables(servers);
    } catch (const std::exception& error) {
        found_.unknown("who may use ETRN: {}", error.what());
    }
}

std::string check::set_command(const smtp_server& server, const std::string& parameter,
                               const std::string& value) const {
    if (!server.own.contains(parameter))
        return command("postconf", "-e " + shell_word(fmt::format("{} = {}", parameter, value)));
    auto compact = value; // postconf(1) accepts no blanks in an option of master.cf
    std::erase(compact, ' ');
    return command("postconf",
                   "-P " + shell_word(fmt::format("{}/{}={}", server.name, parameter, compact)));
}

void check::check_refusal(const std::vector<smtp_server>& servers) {
    std::set<std::string> commands;
    for (const auto& server : servers) {
        if (who_is_admitted(server.value(etrn_restrictions)) != admission::nobody)
            return;
        commands.insert(set_command(server, etrn_restrictions, admits_own));
    }
    std::string_view list = servers.front().value(etrn_restrictions);
    found_.error("{} begins with {}, so every ETRN is refused: {}", etrn_restrictions,
                 next_item(list).value_or(""), fmt::join(commands, " && "));
}

/// Finds servers where any client may request delivery to any destination.
void check::check_openness(const std::vector<smtp_server>& servers) {
    if (!is_any_eligible_)
        return;
    std::vector<std::string> open;
    std::set<std::string> commands;
    bool is_hidden = false;
    for (const auto& server : servers) {
        const auto is_open = [&](const char* parameter) {
            return who_is_admitted(server.value(parameter)) == admission::everybody;
        };
        if (!server.is_reachable || !is_open(etrn_restrictions) ||
            !is_open("smtpd_client_restrictions") || !is_open("smtpd_helo_restrictions"))
            continue;
        open.push_back(server.name);
        commands.insert(set_command(server, etrn_restrictions, admits_own));
        is_hidden = is_hidden || discards_etrn(server.value(discarded_keywords));
    }
    if (!open.empty())
        found_.warning(
            "every destination is eligible, and {} lets everybody use ETRN, so anybody "
            "on the net can have all mail sent{}: {}",
            fmt::join(open, ", "),
            is_hidden ? fmt::format(" ({} hides ETRN, but does not refuse it)", discarded_keywords)
                      : "",
            fmt::join(commands, " && "));
}

/// Finds servers that do not tell that they know ETRN.
void check::check_keywords(const std::vector<smtp_server>& servers) {
    std::set<std::string> commands, maps;
    std::vector<std::string> silent;
    for (const auto& server : servers) {
        if (const auto& map = server.value(discarding_maps); !trim(map).empty())
            maps.insert(map);
        const auto& keywords = server.value(discarded_keywords);
        if (!discards_etrn(keywords))
            continue;
        silent.push_back(server.name);
        commands.insert(set_command(server, discarded_keywords, without_etrn(keywords)));
    }
    if (!silent.empty())
        found_.warning("{} of {} has etrn, so clients are not told that they may use ETRN: {}",
                       discarded_keywords, fmt::join(silent, ", "), fmt::join(commands, " && "));
    if (!maps.empty())
        found_.note("{} is {}: whether it hides ETRN from some clients was not looked up",
                    discarding_maps, fmt::join(maps, "; "));
}

/// Finds tables that cannot be used. The SMTP server answers "451 Server configuration error" then.
void check::check_access_tables(const std::vector<smtp_server>& servers) {
    std::set<std::string> tables;
    for (const auto& server : servers)
        tables.merge(tables_in(server.value(etrn_restrictions)));
    for (const auto& table : tables) {
        try {
            const auto problem = find_lookup_problem(where_, "flushd-check.invalid", table);
            if (may_be_permission(problem))
                found_.unknown("whether {} in {} can be searched: {}", table, etrn_restrictions,
                               problem);
            else if (!problem.empty())
                found_.error("{} names {}, which cannot be searched, so ETRN is refused: {}; fix "
                             "it (has postmap been run?), or remove it",
                             etrn_restrictions, table, problem);
        } catch (const tool_error& error) {
            found_.unknown("whether {} in {} can be searched: {}", table, etrn_restrictions,
                           error.what());
        }
    }
}

} // namespace flushd::tool
