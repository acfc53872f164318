#include "flushd/tool/postfix/unserved_tables.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_io.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/logical_lines.hpp"
#include "postfix_proto/lookup_table.hpp"
#include "postfix_proto/match_list.hpp"

#include <algorithm>
#include <functional>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

constexpr std::string_view proxy_prefix = "proxy:";

// As for the library, which opens it.
constexpr std::size_t longest_list = std::size_t{256} << 20U;

/// A "type:name" in a longer text: its parts, and all of it.
struct found_table {
    std::string_view type, name, whole;
};

/// Calls `act` for each table of a list, including those within other tables, and `file`, unless it
/// is null, for each /file/name.
void for_each_table(std::string_view list, const std::function<void(found_table)>& act,
                    const std::function<void(const std::string&)>& file) {
    const auto for_each_member = [&](std::string_view name) {
        if (const auto members = strip_braces(name))
            for_each_table(*members, act, nullptr);
    };
    while (auto item = next_item(list)) {
        while (item->starts_with('!'))
            item->remove_prefix(1);
        if (item->starts_with('/')) {
            if (file)
                file(std::string(*item));
            continue;
        }
        const auto colon = item->find(':');
        if (item->starts_with('[') || colon == std::string_view::npos)
            continue;
        const found_table table{item->substr(0, colon), item->substr(colon + 1), *item};
        if (table.type == "debug")
            for_each_table(table.name, act, nullptr);
        else if (table.type == "unionmap" || table.type == "pipemap")
            for_each_member(table.name);
        else
            act(table);
    }
}

void find_in(std::string_view list, const std::string& file, std::size_t depth,
             const table_types& unserved, std::vector<unserved_table>& result) {
    const auto note = [&](const found_table& table) {
        unserved_table found{std::string(table.whole), file};
        if (unserved.contains(table.type) &&
            std::find(result.begin(), result.end(), found) == result.end())
            result.push_back(std::move(found));
    };
    const auto read = [&](const std::string& path) {
        if (depth >= match_list::max_file_depth)
            return;
        const auto text = read_whole_file(path, longest_list);
        if (!text)
            return;
        logger silent(nullptr);
        for (const auto& line : split_logical_lines(*text, path, silent))
            find_in(line.text, path, depth + 1, unserved, result);
    };
    for_each_table(list, note, read);
}

} // namespace

table_types find_unserved_types() {
    const auto types = proxied_table_types();
    return {types.begin(), types.end()};
}

void remove_replaced_types(table_types& types, const berkeley_db_policy& policy) {
    for (const std::string type : {"hash", "btree"})
        if (policy.is_redirected ||
            std::find(policy.missing_types.begin(), policy.missing_types.end(), type) !=
                policy.missing_types.end())
            types.erase(type);
}

std::vector<unserved_table> find_unserved_tables(std::string_view list,
                                                 const table_types& unserved) {
    std::vector<unserved_table> result;
    find_in(list, {}, 0, unserved, result);
    return result;
}

std::vector<std::string> find_proxied_tables(std::string_view value) {
    std::vector<std::string> result;
    for_each_table(
        value,
        [&](found_table table) {
            if (table.type != "proxy")
                return;
            while (table.name.starts_with(proxy_prefix))
                table.name.remove_prefix(proxy_prefix.size());
            if (table.name.find(':') != std::string_view::npos)
                result.emplace_back(table.name);
        },
        nullptr);
    return result;
}

} // namespace flushd::tool
