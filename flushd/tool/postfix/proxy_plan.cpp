#include "flushd/tool/postfix/proxied_tables.hpp"

#include "flushd/tool/postfix/as_mail_owner.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>

namespace flushd::tool {

using postfix_proto::next_item;

namespace {

std::string one_value(std::string output) {
    while (!output.empty() && output.back() == '\n')
        output.pop_back();
    return output;
}

std::string raw_value(const instance& where, const std::string& name) {
    return one_value(where.run_checked("postconf", {"-h", name}));
}

/// "relay_domains" of "$relay_domains", "${relay_domains}" or "$(relay_domains)"; else empty.
std::string_view referenced_name(std::string_view item) {
    constexpr std::string_view of_names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                          "0123456789";
    if (!item.starts_with('$'))
        return {};
    item.remove_prefix(1);
    if ((item.starts_with('{') && item.ends_with('}')) ||
        (item.starts_with('(') && item.ends_with(')')))
        item = item.substr(1, item.size() - 2);
    return item.find_first_not_of(of_names) == std::string_view::npos ? item : std::string_view{};
}

/// A value as it is in main.cf with "proxy:" before the tables. References stay where they lead to
/// none, and else what they stand for takes their place.
std::string proxied_value(const instance& where, std::string_view value, const table_types& types,
                          unsigned depth) {
    std::string result;
    auto copied = value.begin();
    for (std::string_view rest = value; auto item = next_item(rest);) {
        const std::string text(*item);
        std::string changed = with_proxy(text, types);
        if (text.find('$') != std::string::npos) {
            const auto meaning = expanded(where, text);
            auto bare = *item;
            while (bare.starts_with('!'))
                bare.remove_prefix(1);
            const auto name = std::string(referenced_name(bare));
            constexpr unsigned most_depth = 10; // postconf has followed it, so it does end
            if (find_unserved_tables(meaning, types).empty())
                changed = text;
            else if (!name.empty() && depth < most_depth)
                changed = text.substr(0, text.size() - bare.size()) +
                          proxied_value(where, raw_value(where, name), types, depth + 1);
            else if (!find_unserved_tables(expanded(where, changed), types).empty())
                changed = with_proxy(meaning, types);
        }
        const auto begin = value.begin() + (item->data() - value.data());
        result.append(copied, begin).append(changed);
        copied = begin + static_cast<std::ptrdiff_t>(item->size());
    }
    return result.append(copied, value.end());
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

std::string expanded(const instance& where, const std::string& text) {
    return one_value(where.run_checked(
        "postconf", {"-o", "fast_flush_domains=" + text, "-xh", "fast_flush_domains"}));
}

proxy_plan plan_proxied_tables(const instance& where) {
    // Each look at the configuration is a process; most lists need no second one.
    const auto entry = flush_service_entry_name(where);
    const auto own =
        one_value(where.run_checked("postconf", {"-Ph", entry + "/fast_flush_domains"}));
    const auto list =
        own.empty() ? where.parameters().get("fast_flush_domains") : expanded(where, own);
    proxy_plan plan;
    if (list.find_first_of(":/") == std::string::npos)
        return plan;
    const auto types = find_unserved_types(where);
    plan.tables = find_unserved_tables(list, types);
    const auto named = find_proxied_tables(where.parameters().get("fast_flush_domains"));
    if (plan.tables.empty() && named.empty())
        return plan;
    const auto known =
        find_proxied_tables(one_value(where.run_checked("postconf", {"-xh", "proxy_read_maps"})));
    for (const auto& table : named)
        if (!contains(known, table))
            plan.refused.push_back("proxy:" + table);
    if (plan.tables.empty())
        return plan;
    if (!own.empty()) {
        plan.obstacle = fmt::format("{}/master.cf sets fast_flush_domains for {} only: take it out "
                                    "there, and set it in main.cf",
                                    where.config_directory(), entry);
        return plan;
    }
    for (const auto& table : plan.tables)
        if (!table.file.empty())
            plan.obstacle = fmt::format("{} is named in {}, and that file is left alone: name the "
                                        "table in fast_flush_domains itself",
                                        table.table, table.file);
    const auto proxymap = where.parameters().get("proxymap_service_name") + "/unix";
    const auto service = find_service(where, proxymap);
    if (!service)
        plan.obstacle = fmt::format("{}/master.cf has no service {}: add its line from Postfix's "
                                    "own master.cf",
                                    where.config_directory(), proxymap);
    else if (service->field("chroot") == "y")
        plan.obstacle = fmt::format(
            "{} runs in a chroot, from where it reaches neither files nor "
            "servers: {}",
            proxymap, postfix_command(where, "postconf", fmt::format("-F {}/chroot=n", proxymap)));
    if (!plan.obstacle.empty())
        return plan;

    plan.fast_flush_domains =
        proxied_value(where, raw_value(where, "fast_flush_domains"), types, 0);
    const auto maps = raw_value(where, "proxy_read_maps");
    for (const auto& table : find_proxied_tables(plan.fast_flush_domains))
        if (auto entry_of_maps = "proxy:" + table;
            !contains(known, expanded(where, table)) && !contains(plan.to_allow, entry_of_maps))
            plan.to_allow.push_back(std::move(entry_of_maps));
    if (!plan.to_allow.empty())
        plan.proxy_read_maps =
            fmt::format("{}{}{}", maps, maps.empty() ? "" : " ", fmt::join(plan.to_allow, " "));
    return plan;
}

std::string explain(const proxy_plan& plan) {
    std::vector<std::string> names;
    for (const auto& table : plan.tables)
        names.push_back(table.file.empty() ? table.table
                                           : fmt::format("{} (in {})", table.table, table.file));
    return fmt::format("fast_flush_domains names {}, which flushd cannot look up itself, only "
                       "through proxymap(8)",
                       fmt::join(names, ", "));
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
    commands.push_back(postfix_command(
        where, "postconf",
        fmt::format("-e {}", shell_word("fast_flush_domains = " + plan.fast_flush_domains))));
    commands.push_back(postfix_command(where, "postfix", "reload"));
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
