#include "tables/memory_table.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/logical_lines.hpp"
#include "postfix_proto/utf8.hpp"
#include "tables/read_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace postfix_proto {

namespace {

/// The length of the key at the start of the text: up to the first character outside of double
/// quotes for which `ends_key` is true. A backslash removes the special meaning of the next
/// character. Nothing if a quote is not closed.
template <typename Predicate>
std::optional<std::size_t> key_length(std::string_view text, Predicate ends_key) {
    bool is_quoted = false;
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && ends_key(text[i]))
            break;
    }
    if (is_quoted)
        return std::nullopt;
    return std::min(i, text.size()); // a backslash may have been last
}

/// Adds "key = value". The error is the reason, for a log line.
result<void, std::string_view> add_inline_entry(std::string_view entry, memory_table& table) {
    entry = trim(entry);
    if (entry.empty())
        return unexpected("an entry is empty");
    const auto length = key_length(entry, [](char c) { return is_space(c) || c == '='; });
    if (!length)
        return unexpected("unbalanced '\"'");
    const std::string_view rest = trim(entry.substr(*length));
    if (!rest.starts_with('='))
        return unexpected("no '=' after a key");
    table.insert_or_assign(entry.substr(0, *length), trim(rest.substr(1)));
    return {};
}

/// Returns false if the table has the key already.
bool add_text_entry(const logical_line& line, std::string_view path, bool utf8, memory_table& table,
                    logger& log) {
    const std::string_view text = line.text;
    const auto skip = [&](std::string_view why) {
        log.warning("{}, line {}: {} -- ignoring this line", path, line.number, why);
        return true;
    };
    if (utf8 && !is_valid_utf8(text))
        return skip("malformed UTF-8");
    const auto length = key_length(text, is_space);
    if (!length)
        return skip("unbalanced '\"'");
    const std::string_view key = text.substr(0, *length);
    const std::string_view value = trim(text.substr(*length));
    if (value.empty())
        return skip("no value after the key");
    if (key.ends_with(':'))
        log.warning("{}, line {}: the key ends in ':'; is this an alias file?", path, line.number);
    return table.insert(key, value);
}

} // namespace

bool memory_table::insert(std::string_view key, std::string_view value) {
    return entries_.try_emplace(std::string(key), value).second;
}

void memory_table::insert_or_assign(std::string_view key, std::string_view value) {
    entries_.insert_or_assign(std::string(key), std::string(value));
}

lookup_result memory_table::find(std::string_view key) {
    const auto entry = entries_.find(std::string(key));
    return entry == entries_.end() ? lookup_result::not_found()
                                   : lookup_result::found(entry->second);
}

opened_table open_inline_table(std::string_view type, std::string_view name,
                               const open_options& options, logger&) {
    const auto refuse = [&](std::string_view why) {
        return unexpected(table_failure{
            fmt::format("{}: \"{}:{}\"; need \"{}:{{name=value...}}\"", why, type, name, type)});
    };
    if (options.utf8 && !is_valid_utf8(name))
        return refuse("malformed UTF-8");
    const std::size_t length = braced_length(name);
    if (length == 0 || length != name.size())
        return refuse("bad syntax");

    auto table = std::make_unique<memory_table>(type, name);
    std::string_view list = name.substr(1, length - 2);
    while (const auto item = next_item(list)) {
        std::string_view entry = *item;
        if (entry.starts_with('{')) {
            const auto braced = strip_braces(entry);
            if (!braced)
                return refuse(braced.error());
            entry = *braced;
        }
        if (const auto added = add_inline_entry(entry, *table); !added)
            return refuse(added.error());
    }
    if (table->size() == 0)
        return refuse("empty table");
    return table;
}

opened_table open_text_hash_table(std::string_view type, std::string_view name,
                                  const open_options& options, logger& log) {
    const std::string path(name);
    const auto file = read_file(path, options.patience, log);
    if (!file)
        return unexpected(table_failure{
            fmt::format("open database {}: {}", path, file.error().message()), {path}});
    auto table = std::make_unique<memory_table>(type, name, std::vector{path});
    for (const logical_line& line : split_logical_lines(*file, path, log)) {
        if (add_text_entry(line, path, options.utf8, *table, log))
            continue;
        const std::string_view text = line.text;
        const std::string_view key = text.substr(0, key_length(text, is_space).value_or(0));
        return unexpected(table_failure{
            fmt::format("{}, line {}: duplicate entry: \"{}\"", path, line.number, key), {path}});
    }
    return table;
}

} // namespace postfix_proto
