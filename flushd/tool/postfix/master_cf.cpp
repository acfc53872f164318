#include "flushd/tool/postfix/master_cf.hpp"

#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

namespace flushd::tool {

namespace {

constexpr std::string_view blanks = " \t\n";

/// The offset and the length of the nth word, counted from 0. If there is none, the end of the text
/// and 0.
std::pair<std::size_t, std::size_t> find_word(std::string_view text, unsigned number) {
    std::size_t begin = text.find_first_not_of(blanks);
    for (; number > 0 && begin != std::string_view::npos; --number) {
        begin = text.find_first_of(blanks, begin);
        if (begin != std::string_view::npos)
            begin = text.find_first_not_of(blanks, begin);
    }
    if (begin == std::string_view::npos)
        return {text.size(), 0};
    const auto end = text.find_first_of(blanks, begin);
    return {begin, end == std::string_view::npos ? text.size() - begin : end - begin};
}

std::string with_word(std::string text, unsigned number, std::string_view word) {
    const auto [begin, length] = find_word(text, number);
    return text.replace(begin, length, word);
}

} // namespace

const std::string& service_entry::field(std::string_view field_name) const {
    const auto found = fields.find(field_name);
    if (found == fields.end())
        throw tool_error(fmt::format("postconf(1) shows no field \"{}\" of {}", field_name, name),
                         EX_SOFTWARE);
    return found->second;
}

std::string_view service_entry::program() const {
    const std::string_view command = field("command");
    const auto [begin, length] = find_word(command, 0);
    return command.substr(begin, length);
}

std::string service_entry::command_with(std::string_view program) const {
    return with_word(field("command"), 0, program);
}

std::string service_entry::text_with(std::string_view program) const {
    constexpr unsigned fields_before_command = 7;
    return with_word(text, fields_before_command, program);
}

std::string flush_service_entry_name(const instance& where) {
    return where.parameters().get("flush_service_name") + "/unix";
}

std::optional<service_entry> find_service(const instance& where, const std::string& name) {
    service_entry result;
    result.name = name;
    result.text = where.run_checked("postconf", {"-M", name});
    while (!result.text.empty() && result.text.back() == '\n')
        result.text.pop_back();
    if (result.text.empty())
        return std::nullopt;
    const auto prefix = name + '/';
    for (auto& [key, value] :
         postfix_proto::parse_postconf_output(where.run_checked("postconf", {"-F", name})))
        if (key.starts_with(prefix))
            result.fields.emplace(key.substr(prefix.size()), value);
    return result;
}

std::optional<std::string> own_setting(const instance& where, const std::string& parameter) {
    const auto name = flush_service_entry_name(where) + '/' + parameter;
    const auto values =
        postfix_proto::parse_postconf_output(where.run_checked("postconf", {"-P", name}));
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
}

service_entry find_flush_service(const instance& where) {
    const auto name = flush_service_entry_name(where);
    if (auto entry = find_service(where, name))
        return *std::move(entry);
    const auto file = where.config_directory() + "/master.cf";
    const auto fifo = where.parameters().get("flush_service_name") + "/fifo";
    if (find_service(where, fifo))
        throw tool_error(
            fmt::format("{} has {}, but flushd needs a socket: change it to {} with \"{}\", then "
                        "\"{}\"",
                        file, fifo, name,
                        postfix_command(where, "postconf", fmt::format("-F {}/type=unix", fifo)),
                        postfix_command(where, "postfix", "reload")),
            EX_CONFIG);
    throw tool_error(
        fmt::format("{} has no service {}: add its line from Postfix's default master.cf", file,
                    name),
        EX_CONFIG);
}

} // namespace flushd::tool
