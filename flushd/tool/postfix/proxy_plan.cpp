#include "flushd/tool/postfix/proxied_tables.hpp"

#include "flushd/core/flush_parameters.hpp"
#include "flushd/tool/postfix/as_mail_owner.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>

namespace flushd::tool {

namespace {

std::string one_value(std::string output) {
    while (!output.empty() && output.back() == '\n')
        output.pop_back();
    return output;
}

std::string raw_value(const instance& where, const std::string& name) {
    return one_value(where.run_checked("postconf", {"-h", name}));
}

/// The types that proxymap(8) looks up for this flushd and this Postfix.
table_types unserved_types(const instance& where) {
    auto types = find_unserved_types();
    if (types.contains("hash")) { // built without Berkeley DB
        auto parameters = read_flush_parameters(where.parameters());
        find_missing_table_types(parameters, where.config_directory());
        remove_replaced_types(types, parameters.berkeley_db);
    }
    return types;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

std::string expanded(const instance& where, const std::string& name, const std::string& text) {
    return one_value(where.run_checked("postconf", {"-o", name + "=" + text, "-xh", name}));
}

proxy_plan plan_proxied_tables(const instance& where) {
    const auto& for_all = where.parameters().get("fast_flush_domains");
    const auto own = own_setting(where, "fast_flush_domains");
    const auto list = own ? expanded(where, "fast_flush_domains", *own) : for_all;
    proxy_plan plan;
    // Each run of postconf costs a process; most lists do not need another one.
    if (list.find_first_of(":/") == std::string::npos && for_all.find(':') == std::string::npos)
        return plan;
    plan.tables = find_unserved_tables(list, unserved_types(where));
    const auto named = find_proxied_tables(for_all);
    if (plan.tables.empty() && named.empty())
        return plan;
    const auto known =
        find_proxied_tables(one_value(where.run_checked("postconf", {"-xh", "proxy_read_maps"})));
    for (const auto& table : named)
        if (!contains(known, table))
            plan.refused.push_back("proxy:" + table);
    if (plan.tables.empty())
        return plan;
    for (const auto& one : plan.tables)
        if (auto entry = "proxy:" + one.table;
            !contains(known, one.table) && !contains(plan.to_allow, entry))
            plan.to_allow.push_back(std::move(entry));
    if (!plan.to_allow.empty()) {
        const auto maps = raw_value(where, "proxy_read_maps");
        plan.proxy_read_maps =
            fmt::format("{}{}{}", maps, maps.empty() ? "" : " ", fmt::join(plan.to_allow, " "));
    }
    const auto proxymap = where.parameters().get("proxymap_service_name") + "/unix";
    const auto service = find_service(where, proxymap);
    if (!service)
        plan.obstacle = fmt::format("{}/master.cf has no service {}: add its line from Postfix's "
                                    "default master.cf",
                                    where.config_directory(), proxymap);
    else if (service->field("chroot") == "y")
        plan.obstacle = fmt::format(
            "{} runs in a chroot, where it can reach neither the tables' files nor their servers: "
            "{}",
            proxymap, postfix_command(where, "postconf", fmt::format("-F {}/chroot=n", proxymap)));
    return plan;
}

std::string explain(const proxy_plan& plan) {
    std::vector<std::string> names;
    for (const auto& table : plan.tables)
        names.push_back(table.file.empty() ? table.table
                                           : fmt::format("{} (in {})", table.table, table.file));
    return fmt::format("fast_flush_domains names {}, which flushd needs proxymap(8) to look up{}",
                       fmt::join(names, ", "),
                       plan.to_allow.empty() ? std::string()
                                             : fmt::format(", but proxy_read_maps lacks {}",
                                                           fmt::join(plan.to_allow, ", ")));
}

std::vector<std::string> proxy_commands(const instance& where, const proxy_plan& plan) {
    std::vector<std::string> commands;
    if (::geteuid() == 0) {
        std::vector<std::string> tables;
        for (const auto& table : plan.tables)
            tables.push_back(table.table);
        commands = commands_to_make_readable(where, tables);
    }
    for (auto& command : permission_commands(where, plan))
        commands.push_back(std::move(command));
    return commands;
}

std::vector<std::string> permission_commands(const instance& where, const proxy_plan& plan) {
    auto entries = plan.refused;
    entries.insert(entries.end(), plan.to_allow.begin(), plan.to_allow.end());
    if (entries.empty())
        return {};
    const auto now = postfix_command(where, "postconf", "-h proxy_read_maps");
    return {postfix_command(where, "postconf",
                            fmt::format("-e \"proxy_read_maps = $({})\"{}", now,
                                        shell_word(fmt::format(" {}", fmt::join(entries, " "))))),
            postfix_command(where, "postfix", "reload")};
}

} // namespace flushd::tool
