#include "flushd/tool/command.hpp"

#include "flushd/tool/install/service_answers.hpp"
#include "flushd/tool/install/service_change.hpp"
#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>

namespace flushd::tool {

namespace {

struct install_options {
    bool dry_run = false;
    bool proxy = false;
    bool rebuild = false;
};

/// For what answers already, or did when Postfix was last reloaded.
constexpr std::chrono::seconds quick_answer_limit{3};

void refuse_unless_root(std::string_view command) {
    if (::geteuid() != 0)
        throw tool_error(fmt::format("only root can change master.cf: run \"flushd {0}\" as root, "
                                     "or see with \"flushd {0} --dry-run\" what it would do",
                                     command),
                         EX_NOPERM);
}

void refuse_unknown_program(const instance& where, const service_entry& entry) {
    if (entry.program() != stock_program && entry.program() != our_program)
        throw tool_error(
            fmt::format("{} in {}/master.cf runs \"{}\", which is neither flush nor flushd: "
                        "it is left alone",
                        entry.name, where.config_directory(), entry.program()),
            EX_CONFIG);
}

/// Removes what it has put there, unless told to keep it.
class placed_file {
public:
    placed_file(const daemon_file& file, bool is_ours) : file_(file), is_ours_(is_ours) {
        if (is_ours_)
            file_.put();
    }
    placed_file(const placed_file&) = delete;
    placed_file& operator=(const placed_file&) = delete;
    ~placed_file() {
        try {
            if (is_ours_)
                file_.remove();
        } catch (const tool_error&) { // what went wrong before is what matters
        }
    }
    void keep() noexcept { is_ours_ = false; }

private:
    const daemon_file& file_;
    bool is_ours_;
};

/// Becomes `flushd rebuild`.
[[noreturn]] void rebuild(const instance& where, const daemon_file& file) {
    std::fflush(stdout);
    ::execl(file.own_path().c_str(), "flushd", "-c", where.config_directory().c_str(), "rebuild",
            nullptr);
    throw tool_error(
        fmt::format("cannot run {}: {}", file.own_path(), postfix_proto::errno_text(errno)),
        EX_OSERR);
}

void show_plan(const instance& where, const service_entry& entry, std::string_view program) {
    fmt::print("{}/master.cf, what it was is kept in {}:\n{}", where.config_directory(),
               saved_master_cf(where), show_change(entry, program));
}

bool answers_already(const instance& where, std::string_view program) {
    return find_master(where) && wait_for_answer(where, program, quick_answer_limit).process != 0;
}

/// What master.cf would have to say, where it cannot be changed here.
void refuse_fixed_master_cf(const instance& where, const service_entry& entry,
                            std::string_view program) {
    const auto path = where.config_directory() + "/master.cf";
    if (const auto why = why_not_replaceable(path))
        throw tool_error(fmt::format("{}: nothing has been changed. The line that {} needs where "
                                     "it comes from, followed by \"{}\" here or by a new "
                                     "start:\n{}",
                                     *why, path, postfix_command(where, "postfix", "reload"),
                                     entry.text_with(program)),
                         EX_CANTCREAT);
}

void refuse_fixed_main_cf(const instance& where, const proxy_plan& plan) {
    const auto path = where.config_directory() + "/main.cf";
    if (const auto why = why_not_replaceable(path))
        throw tool_error(fmt::format("{}: nothing has been changed. What {} needs where it comes "
                                     "from, followed by \"{}\" here:\nproxy_read_maps = {}",
                                     *why, path, postfix_command(where, "postfix", "reload"),
                                     plan.proxy_read_maps),
                         EX_CANTCREAT);
}

void refuse_fixed_directory(const daemon_file& file) {
    if (const auto why = why_not_replaceable(file.path()))
        throw tool_error(
            fmt::format("{}: nothing has been changed. {} has to be there before: copy "
                        "{} to it where the directory comes from",
                        *why, file.path(), file.own_path()),
            EX_CANTCREAT);
}

[[noreturn]] void refuse_unserved_tables(const instance& where, const proxy_plan& plan) {
    if (!plan.obstacle.empty())
        throw tool_error(
            fmt::format("{}: nothing has been changed. {}", explain(plan), plan.obstacle),
            EX_CONFIG);
    auto commands = proxy_commands(where, plan);
    commands.push_back(postfix_command(where, "flushd", "install"));
    auto text = fmt::format(
        "{}: nothing has been changed. \"{}\" adds to it, and takes all back when that does not "
        "work. By hand, in this order:\n{}",
        explain(plan), postfix_command(where, "flushd", "install --proxy"), indented(commands));
    text.pop_back(); // the last newline
    throw tool_error(text, EX_CONFIG);
}

/// Whether there is nothing to do any more; says so.
bool is_installed(const instance& where, const service_entry& entry, bool is_dry_run) {
    const bool is_running = find_master(where).has_value();
    if (is_running && !is_dry_run && !answers_already(where, our_program)) {
        fmt::print("{} in {}/master.cf runs flushd already, but it does not answer yet\n",
                   entry.name, where.config_directory());
        return false;
    }
    fmt::print("nothing to do: {} in {}/master.cf runs flushd already{}\n", entry.name,
               where.config_directory(), is_running ? "" : " (Postfix does not run)");
    return true;
}

/// Puts everything into place, or nothing. Returns the process that answers, where Postfix runs.
std::optional<pid_t> switch_to_flushd(const instance& where, const service_entry& entry,
                                      proxied_tables* proxied) {
    const interrupt_guard guard;
    const std::string program_before(entry.program());
    std::optional<service_answers> answers;
    if (find_master(where))
        answers.emplace(where);
    if (proxied != nullptr)
        proxied->allow();
    accompanying_change others;
    if (answers)
        others.verify = [&] { answers->check_no_worse(program_before, our_program); };
    if (proxied != nullptr)
        others.take_back = [&] { return proxied->take_back(); };
    try {
        const auto process = change_program(where, entry, our_program, others);
        if (process && answers && answers->asked() > 0)
            fmt::print("asked for {} destinations of the deferred queue before and after, of which "
                       "{} were eligible: no answer is worse\n",
                       answers->asked(), answers->eligible());
        return process;
    } catch (const tool_error&) {
        if (proxied != nullptr) // also when it did not get so far
            proxied->take_back();
        throw;
    }
}

void install(const instance& where, const install_options& options) {
    if (!options.dry_run)
        refuse_unless_root("install");
    const auto entry = find_flush_service(where);
    refuse_unknown_program(where, entry);
    const daemon_file file(where);
    const auto state = file.find_state();
    const bool is_named = entry.program() == our_program;
    const bool is_missing = state == daemon_file::state::missing;
    const auto socket = where.public_socket(where.parameters().get("flush_service_name"));
    const auto plan = plan_proxied_tables(where);
    const bool makes_proxied = options.proxy && plan.is_needed();

    if (is_named && !is_missing && !makes_proxied && is_installed(where, entry, options.dry_run)) {
        if (plan.is_needed())
            fmt::print("note: {}; \"{}\" makes that work\n", explain(plan),
                       postfix_command(where, "flushd", "install --proxy"));
        return;
    }
    if (plan.is_needed() && !options.proxy && !is_named)
        refuse_unserved_tables(where, plan);
    std::optional<proxied_tables> proxied;
    if (makes_proxied) {
        proxied.emplace(where, plan);
        refuse_fixed_main_cf(where, plan);
    }
    if (!is_named)
        refuse_fixed_master_cf(where, entry, our_program);
    if (is_missing)
        refuse_fixed_directory(file);

    if (state == daemon_file::state::other)
        fmt::print("note: {0} is another build than this one, and is what Postfix will run; to "
                   "have this one instead: install -m 755 {1} {0}\n",
                   file.path(), file.own_path());
    if (is_missing)
        fmt::print("{}: a copy of {}\n", file.path(), file.own_path());
    if (!is_named)
        show_plan(where, entry, our_program);
    if (proxied)
        fmt::print("{}", proxied->show());
    std::fflush(stdout); // before a child could write it once more
    if (!plan.tables.empty() && ::geteuid() == 0)
        check_proxied_tables(where, plan);
    if (options.dry_run) {
        fmt::print("dry run: nothing has been changed\n");
        return;
    }

    placed_file placed(file, is_missing);
    file.check_runs();
    const auto process = switch_to_flushd(where, entry, proxied ? &*proxied : nullptr);
    placed.keep();
    if (!process) {
        fmt::print("Postfix does not run: only files have been changed, flushd serves from the "
                   "next \"postfix start\" on\n");
        return;
    }
    fmt::print("Postfix has been reloaded: flushd answers on {}, process {}\n", socket, *process);
    if (options.rebuild)
        rebuild(where, file);
    fmt::print("mail that was deferred before its site was in fast_flush_domains is not listed "
               "yet: \"flushd rebuild\" lists it\n");
}

/// Whether master.cf of another instance, or what of it can be read, names flushd.
bool is_used_elsewhere(const instance& where) {
    try {
        const instance primary{std::nullopt};
        auto directories = primary.run_checked("postconf", {"-h", "multi_instance_directories"});
        directories += ' ' + primary.config_directory();
        for (char& c : directories)
            c = c == ',' || c == '\n' || c == '\t' ? ' ' : c;
        for (std::size_t begin = 0; begin < directories.size();) {
            const auto end = std::min(directories.find(' ', begin), directories.size());
            const auto directory = directories.substr(begin, end - begin);
            begin = end + 1;
            if (directory.empty() || directory == where.config_directory())
                continue;
            const instance other{directory};
            const auto entry = find_service(other, flush_service_entry_name(other));
            if (entry && entry->program() == our_program)
                return true;
        }
        return false;
    } catch (const std::exception&) {
        return true; // better a file too many
    }
}

void uninstall(const instance& where, const install_options& options) {
    if (!options.dry_run)
        refuse_unless_root("uninstall");
    const auto entry = find_flush_service(where);
    refuse_unknown_program(where, entry);
    const auto socket = where.public_socket(where.parameters().get("flush_service_name"));
    proxied_tables_removal removal(where);
    const bool serves_stock =
        entry.program() == stock_program &&
        (options.dry_run || !find_master(where) || answers_already(where, stock_program));
    if (serves_stock && !removal.is_needed()) {
        fmt::print("nothing to do: {} in {}/master.cf runs Postfix's own flush\n", entry.name,
                   where.config_directory());
        return;
    }
    if (entry.program() != stock_program) {
        refuse_fixed_master_cf(where, entry, stock_program);
        show_plan(where, entry, stock_program);
    } else if (!serves_stock) {
        fmt::print("{} in {}/master.cf runs Postfix's own flush, but it does not answer yet\n",
                   entry.name, where.config_directory());
    }
    if (removal.is_needed()) {
        if (const auto why = why_not_replaceable(where.config_directory() + "/main.cf"))
            throw tool_error(
                fmt::format("{}, and main.cf has to change with it: nothing has been "
                            "changed. This is what \"install --proxy\" has put there:\n{}",
                            *why, removal.show()),
                EX_CANTCREAT);
        fmt::print("{}", removal.show());
    }

    const daemon_file file(where);
    // A package's file is this very one, and package managers take away what they have put there.
    const bool removes = file.find_state() == daemon_file::state::copy && !is_used_elsewhere(where);
    if (removes)
        fmt::print("{}: removed, {} stays\n", file.path(), file.own_path());
    if (options.dry_run) {
        fmt::print("dry run: nothing has been changed\n");
        return;
    }
    const auto process = serves_stock ? std::nullopt : change_program(where, entry, stock_program);
    if (removal.is_needed()) // proxymap(8) may have been asked until now
        removal.restore();
    if (removes)
        file.remove();
    if (serves_stock)
        return;
    if (process)
        fmt::print("Postfix has been reloaded: flush answers on {}, process {}\n", socket,
                   *process);
    else
        fmt::print("Postfix does not run: only files have been changed, flush serves from the "
                   "next \"postfix start\" on\n");
}

} // namespace

void add_install(CLI::App& app, const global_options& global) {
    auto& command = *app.add_subcommand(
        "install", "Make flushd Postfix's flush service, and verify that it answers");
    const auto options = std::make_shared<install_options>();
    command.add_flag("--dry-run", options->dry_run, "Show what would change, and change nothing");
    command.add_flag("--proxy", options->proxy,
                     "Let proxymap(8) look up the tables of fast_flush_domains that flushd "
                     "cannot (ldap, mysql ...)");
    command.add_flag("--rebuild", options->rebuild,
                     "Then list mail that is already deferred, as `flushd rebuild` does");
    command.callback([&global, options] { install(instance(global.config_directory), *options); });
}

void add_uninstall(CLI::App& app, const global_options& global) {
    auto& command =
        *app.add_subcommand("uninstall", "Restore Postfix's own flush, and verify that it answers");
    const auto options = std::make_shared<install_options>();
    command.add_flag("--dry-run", options->dry_run, "Show what would change, and change nothing");
    command.callback(
        [&global, options] { uninstall(instance(global.config_directory), *options); });
}

} // namespace flushd::tool
