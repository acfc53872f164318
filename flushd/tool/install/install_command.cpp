#include "flushd/tool/command.hpp"

#include "flushd/tool/install/next_steps.hpp"
#include "flushd/tool/install/program_switch.hpp"
#include "flushd/tool/install/service_answers.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

namespace {

struct install_options {
    bool dry_run = false;
    bool proxy = false;
    bool rebuild = false;
};

/// Puts the program into place, and removes it again unless keep() is called.
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
        } catch (const tool_error&) { // the earlier error matters more
        }
    }
    void keep() noexcept { is_ours_ = false; }

private:
    const daemon_file& file_;
    bool is_ours_;
};

/// Replaces this process by `flushd rebuild`.
[[noreturn]] void rebuild(const instance& where, const daemon_file& file) {
    std::fflush(stdout);
    ::execl(file.own_path().c_str(), "flushd", "-c", where.config_directory().c_str(), "rebuild",
            nullptr);
    throw tool_error(
        fmt::format("cannot run {}: {}", file.own_path(), postfix_proto::errno_text(errno)),
        EX_OSERR);
}

[[noreturn]] void refuse_unserved_tables(const instance& where, const proxy_plan& plan) {
    if (!plan.obstacle.empty())
        throw tool_error(
            fmt::format("{}: nothing has been changed. {}", explain(plan), plan.obstacle),
            EX_CONFIG);
    auto commands = proxy_commands(where, plan);
    commands.push_back(postfix_command(where, "flushd", "install"));
    auto text = fmt::format(
        "{}: nothing has been changed. \"{}\" makes the change, and undoes it on failure. By hand, "
        "in this order:\n{}",
        explain(plan), postfix_command(where, "flushd", "install --proxy"), indented(commands));
    text.pop_back(); // the last newline
    throw tool_error(text, EX_CONFIG);
}

/// Determines all steps before it performs the first one.
class install_plan {
public:
    /// Throws tool_error if the installation is not possible. Both arguments must outlive it.
    install_plan(const instance& where, const install_options& options);
    install_plan(const install_plan&) = delete;
    install_plan& operator=(const install_plan&) = delete;

    [[nodiscard]] bool is_empty() const { return is_empty_; }
    void show() const;
    /// If run by root, looks up a key in each table that needs proxymap(8). Throws tool_error.
    void check() const;
    /// Makes all changes, or none.
    void apply();

private:
    [[nodiscard]] bool is_missing() const { return state_ == daemon_file::state::missing; }
    [[nodiscard]] std::optional<pid_t> switch_program();

    const instance& where_;
    const install_options& options_;
    program_switch service_;
    daemon_file file_;
    daemon_file::state state_;
    proxy_plan tables_;
    std::optional<proxied_tables> proxied_;
    bool is_empty_ = false;
    bool is_silent_ = false;
};

install_plan::install_plan(const instance& where, const install_options& options)
    : where_(where), options_(options), service_(where, to_flushd, options.dry_run), file_(where),
      state_(file_.find_state()), tables_(plan_proxied_tables(where)) {
    const bool makes_proxied = options.proxy && tables_.is_needed();
    if (service_.is_named() && !is_missing() && !makes_proxied) {
        is_empty_ = service_.is_in_effect();
        is_silent_ = !is_empty_;
        return;
    }
    if (tables_.is_needed() && !options.proxy && !service_.is_named())
        refuse_unserved_tables(where, tables_);
    if (makes_proxied) {
        proxied_.emplace(where, tables_);
        const auto main_cf = where.config_directory() + "/main.cf";
        refuse_fixed_file(main_cf,
                          fmt::format("Put this line into the source of {}, then run \"{}\" "
                                      "here:\nproxy_read_maps = {}",
                                      main_cf, postfix_command(where, "postfix", "reload"),
                                      tables_.proxy_read_maps));
    }
    if (!service_.is_named())
        service_.refuse_fixed_master_cf();
    if (is_missing())
        refuse_fixed_file(file_.path(),
                          fmt::format("{} must exist first: copy {} to it in the source of the "
                                      "directory",
                                      file_.path(), file_.own_path()));
}

void install_plan::show() const {
    if (is_empty_) {
        service_.show_nothing_to_do(find_master(where_) ? "" : " (Postfix is not running)");
        if (tables_.is_needed())
            fmt::print("note: {}; \"{}\" arranges that\n", explain(tables_),
                       postfix_command(where_, "flushd", "install --proxy"));
        return;
    }
    if (is_silent_)
        service_.show_silence();
    if (state_ == daemon_file::state::other)
        fmt::print("note: {0} is a different build, and Postfix will run that one; to use this one "
                   "instead: install -m 755 {1} {0}\n",
                   file_.path(), file_.own_path());
    if (is_missing())
        fmt::print("{}: a copy of {}\n", file_.path(), file_.own_path());
    if (!service_.is_named())
        service_.show_change();
    if (proxied_)
        fmt::print("{}", proxied_->show());
}

void install_plan::check() const {
    std::fflush(stdout); // so that a child process does not print it again
    if (!tables_.tables.empty() && ::geteuid() == 0)
        check_proxied_tables(where_, tables_);
}

void install_plan::apply() {
    placed_file placed(file_, is_missing());
    file_.check_runs();
    const auto process = switch_program();
    placed.keep();
    service_.report(process);
    if (process && options_.rebuild)
        rebuild(where_, file_);
    show_next_steps(where_, process.has_value());
}

/// Returns the process that answers, if Postfix is running.
std::optional<pid_t> install_plan::switch_program() {
    const interrupt_guard guard;
    std::optional<service_answers> answers;
    if (find_master(where_))
        answers.emplace(where_);
    if (proxied_)
        proxied_->allow();
    accompanying_change others;
    if (answers)
        others.verify = [&] { answers->check_no_worse(service_.program_before(), our_program); };
    if (proxied_)
        others.take_back = [&] { return proxied_->take_back(); };
    try {
        const auto process = service_.apply(others);
        if (process && answers && answers->asked() > 0)
            fmt::print("asked about {} destinations of the deferred queue before and after the "
                       "change, {} of them eligible: no answer is worse\n",
                       answers->asked(), answers->eligible());
        return process;
    } catch (const tool_error&) {
        if (proxied_) // also if apply() failed before its own clean-up
            proxied_->take_back();
        throw;
    }
}

void install(const instance& where, const install_options& options) {
    install_plan plan(where, options);
    plan.show();
    if (plan.is_empty())
        return;
    plan.check();
    if (options.dry_run)
        return print_dry_run();
    plan.apply();
}

} // namespace

void add_install(CLI::App& app, const global_options& global) {
    const auto options = std::make_shared<install_options>();
    command_options command(app, "install",
                            "Make flushd Postfix's flush service, and verify that it answers");
    command.flag({"--dry-run", "Show what would change, and change nothing"}, options->dry_run);
    command.flag({"--proxy", "Let proxymap(8) look up the tables of fast_flush_domains that flushd "
                             "cannot (ldap, mysql ...)"},
                 options->proxy);
    command.flag({"--rebuild", "Then list mail that is already deferred, as `flushd rebuild` does"},
                 options->rebuild);
    command.action([&global, options] { install(instance(global.config_directory), *options); });
}

} // namespace flushd::tool
