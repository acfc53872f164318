#include "flushd/tool/postfix/proxied_tables.hpp"

#include "flushd/core/flush_parameters.hpp"
#include "flushd/tool/postfix/as_mail_owner.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/main_cf.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/postfix/table_lookup.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/proxymap_client.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace flushd::tool {

using namespace postfix_proto;
using namespace std::chrono_literals;

namespace {

constexpr const char* permission = "proxy_read_maps";

/// A key that no table has, but that every table accepts as a domain.
constexpr const char* key = "flushd-install.invalid";

std::string main_cf(const instance& where) { return where.config_directory() + "/main.cf"; }
std::string saved_main_cf(const instance& where) {
    return where.config_directory() + "/main.cf.saved-by-flushd";
}
/// main.cf as the change has left it, to detect later edits.
std::string written_main_cf(const instance& where) {
    return where.config_directory() + "/main.cf.written-by-flushd";
}

std::string setting(std::string_view name, std::string_view value) {
    return fmt::format("{} = {}\n", name, value);
}

std::string show_lines(char sign, const std::optional<std::string>& lines) {
    std::string result;
    if (!lines)
        return result;
    for (std::string_view rest = *lines; !rest.empty();)
        result += fmt::format("{} {}\n", sign, take_line(rest));
    return result;
}

std::string show_difference(std::string_view before, std::string_view after) {
    std::string result;
    const auto old_lines = find_setting(before, permission),
               new_lines = find_setting(after, permission);
    if (old_lines != new_lines)
        result += show_lines('-', old_lines) + show_lines('+', new_lines);
    return result;
}

/// The text with the lines of proxy_read_maps restored from `saved`. Nothing if these lines differ
/// from `written`, that is, if they have been edited since.
std::optional<std::string> taken_back(std::string_view now, std::string_view saved,
                                      std::string_view written) {
    if (find_setting(now, permission) != find_setting(written, permission))
        return std::nullopt;
    return with_setting(now, permission, find_setting(saved, permission));
}

/// The value that main.cf gives to a parameter.
std::string value_of(std::string_view main_cf, const char* name) {
    const auto values = parse_postconf_output(find_setting(main_cf, name).value_or(""));
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
}

/// The tables that proxy_read_maps has in `after`, but not in `before`.
std::vector<std::string> added_tables(const instance& where, std::string_view after,
                                      std::string_view before) {
    const auto read = [&](std::string_view text) {
        return find_proxied_tables(expanded(where, permission, value_of(text, permission)));
    };
    auto added = read(after);
    const auto known = read(before);
    std::erase_if(added, [&known](const std::string& table) {
        return std::find(known.begin(), known.end(), table) != known.end();
    });
    return added;
}

/// The name of another parameter that now depends on proxymap(8) for one of these tables; empty if
/// there is none.
std::string find_user_of(const instance& where, const std::vector<std::string>& tables) {
    const auto output =
        where.run_checked("postconf", {"-nx"}) + where.run_checked("postconf", {"-Px"});
    for (const auto& [name, value] : parse_postconf_output(output))
        if (name != permission)
            for (const auto& used : find_proxied_tables(value))
                if (std::find(tables.begin(), tables.end(), used) != tables.end())
                    return name;
    return {};
}

void restore_or_remove(const std::optional<file_image>& image, const std::string& path) {
    if (image)
        image->restore();
    else
        ::unlink(path.c_str());
}

} // namespace

void check_proxied_tables(const instance& where, const proxy_plan& plan) {
    std::vector<std::string> tables;
    for (const auto& one : plan.tables)
        tables.push_back(one.table);
    if (const auto commands = commands_to_make_readable(where, tables); !commands.empty())
        throw tool_error(fmt::format("proxymap(8) runs as {}, which cannot read the tables' files. "
                                     "To permit it:\n{}nothing has been changed",
                                     where.parameters().get("mail_owner"), indented(commands)),
                         EX_NOPERM);
    for (const auto& table : tables) {
        const auto problem = as_mail_owner(
            where, [&]() -> std::string { return find_lookup_problem(where, key, table); });
        if (!problem.empty())
            throw tool_error(fmt::format("{}: lookup by postmap(1) as {}: {}; nothing has been "
                                         "changed",
                                         table, where.parameters().get("mail_owner"), problem));
    }
}

proxied_tables::proxied_tables(const instance& where, const proxy_plan& plan)
    : where_(where), plan_(plan), before_(main_cf(where)), base_(before_.text()),
      saved_before_(file_image::read_if_there(saved_main_cf(where))),
      written_before_(file_image::read_if_there(written_main_cf(where))) {
    if (!plan.obstacle.empty())
        throw tool_error(plan.obstacle, EX_CONFIG);
    if (saved_before_ && written_before_)
        if (auto text = taken_back(base_, saved_before_->text(), written_before_->text()))
            base_ = *std::move(text);
    allowed_ = with_setting(before_.text(), permission, setting(permission, plan.proxy_read_maps));
}

std::string proxied_tables::show() const {
    return fmt::format("{} (the old one is saved as {}):\n{}", before_.path(),
                       saved_main_cf(where_), show_difference(before_.text(), allowed_));
}

void proxied_tables::prove() const {
    constexpr std::chrono::seconds patience{20};
    logger silent(nullptr);
    blocking_proxymap_client proxymap(
        {.path = where_.queue_directory() + "/private/" +
                 where_.parameters().get("proxymap_service_name"),
         .form = read_flush_parameters(where_.parameters()).proxymap_form,
         .limit = patience},
        silent);
    for (const auto& one : plan_.tables) {
        const auto answer = proxymap.ask({one.table, key});
        if (answer.result.outcome == lookup_result::status::failed)
            throw tool_error(
                fmt::format("lookup by proxymap(8) in {}: {}", one.table, answer.result.text));
    }
}

void proxied_tables::allow() {
    const auto& service = where_.parameters().get("proxymap_service_name");
    const auto master = find_master(where_);
    bool is_reloaded = false;
    try {
        const auto old = master ? find_processes(*master, service) : std::vector<service_process>{};
        before_.write_to(saved_main_cf(where_));
        before_.replace(allowed_);
        file_image(before_.path()).write_to(written_main_cf(where_));
        if (base_ != before_.text()) {
            // An earlier change is still in place, and will be undone together with this one.
            file_image kept(saved_main_cf(where_));
            kept.replace(base_);
        }
        const auto now = where_.run_checked("postconf", {"-h", permission});
        if (now.substr(0, now.find('\n')) != plan_.proxy_read_maps)
            throw tool_error(fmt::format("{} is not what was written to it", before_.path()),
                             EX_SOFTWARE);
        if (!master)
            return;
        // proxymap reads main.cf when it starts. If none is running, the request starts one.
        if (!old.empty()) {
            where_.run_checked("postfix", {"reload"});
            is_reloaded = true;
            if (!wait_until_gone(*master, old, 20s, interrupt_guard::is_interrupted)) {
                interrupt_guard::check();
                throw tool_error("a proxymap(8) process is still running 20 s after "
                                 "\"postfix reload\"");
            }
        }
        prove();
        interrupt_guard::check();
    } catch (const tool_error& error) {
        take_back();
        if (is_reloaded)
            where_.run_checked("postfix", {"reload"});
        throw tool_error(fmt::format("{}; main.cf has been restored", error.what()),
                         error.status());
    }
}

bool proxied_tables::take_back() {
    const bool is_changed = !before_.is_in_place();
    if (is_changed)
        before_.restore();
    restore_or_remove(saved_before_, saved_main_cf(where_));
    restore_or_remove(written_before_, written_main_cf(where_));
    return is_changed;
}

proxied_tables_removal::proxied_tables_removal(const instance& where)
    : where_(where), saved_(file_image::read_if_there(saved_main_cf(where))),
      written_(file_image::read_if_there(written_main_cf(where))) {
    if (!saved_ || !written_) {
        saved_.reset();
        return;
    }
    now_.emplace(main_cf(where));
    after_ = now_->text();
    auto text = taken_back(after_, saved_->text(), written_->text());
    if (!text) {
        remarks_ =
            fmt::format("note: {} has been edited since, and is left unchanged\n", permission);
        return;
    }
    if (const auto user =
            find_user_of(where, added_tables(where, written_->text(), saved_->text()));
        !user.empty()) {
        remarks_ =
            fmt::format("note: {} is left unchanged, since {} relies on it\n", permission, user);
        return;
    }
    after_ = now_->text() == written_->text() ? saved_->text() : *std::move(text);
}

std::string proxied_tables_removal::show() const {
    const auto difference = show_difference(now_->text(), after_);
    return (difference.empty() ? std::string() : fmt::format("{}:\n{}", now_->path(), difference)) +
           remarks_;
}

void proxied_tables_removal::restore() {
    if (after_ != now_->text())
        now_->replace(after_);
    ::unlink(saved_main_cf(where_).c_str());
    ::unlink(written_main_cf(where_).c_str());
}

} // namespace flushd::tool
