#include "flushd/tool/command.hpp"

#include "flushd/tool/daemon_file.hpp"
#include "flushd/tool/live_service.hpp"
#include "flushd/tool/master_cf.hpp"
#include "flushd/tool/service_change.hpp"
#include "flushd/tool/tool_error.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>

namespace flushd::tool {

namespace {

struct install_options {
    bool dry_run = false;
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

    if (is_named && !is_missing) {
        if (!find_master(where)) {
            fmt::print("nothing to do: {} in {}/master.cf runs flushd already (Postfix does not "
                       "run)\n",
                       entry.name, where.config_directory());
            return;
        }
        if (options.dry_run || answers_already(where, our_program)) {
            fmt::print("nothing to do: {} in {}/master.cf runs flushd already\n", entry.name,
                       where.config_directory());
            return;
        }
        fmt::print("{} in {}/master.cf runs flushd already, but it does not answer yet\n",
                   entry.name, where.config_directory());
    }
    if (state == daemon_file::state::other)
        fmt::print("note: {0} is another build than this one, and is what Postfix will run; to "
                   "have this one instead: install -m 755 {1} {0}\n",
                   file.path(), file.own_path());
    if (is_missing)
        fmt::print("{}: a copy of {}\n", file.path(), file.own_path());
    if (!is_named)
        show_plan(where, entry, our_program);
    if (options.dry_run) {
        fmt::print("dry run: nothing has been changed\n");
        return;
    }

    placed_file placed(file, is_missing);
    file.check_runs();
    const auto process = change_program(where, entry, our_program);
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
    if (entry.program() == stock_program &&
        (options.dry_run || !find_master(where) || answers_already(where, stock_program))) {
        fmt::print("nothing to do: {} in {}/master.cf runs Postfix's own flush\n", entry.name,
                   where.config_directory());
        return;
    }
    if (entry.program() == stock_program)
        fmt::print("{} in {}/master.cf runs Postfix's own flush, but it does not answer yet\n",
                   entry.name, where.config_directory());
    else
        show_plan(where, entry, stock_program);

    const daemon_file file(where);
    // A package's file is this very one, and package managers take away what they have put there.
    const bool removes = file.find_state() == daemon_file::state::copy && !is_used_elsewhere(where);
    if (removes)
        fmt::print("{}: removed, {} stays\n", file.path(), file.own_path());
    if (options.dry_run) {
        fmt::print("dry run: nothing has been changed\n");
        return;
    }
    const auto process = change_program(where, entry, stock_program);
    if (removes)
        file.remove();
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
        "install", "Puts flushd behind Postfix's flush service, and proves that it answers");
    const auto options = std::make_shared<install_options>();
    command.add_flag("--dry-run", options->dry_run,
                     "Show what would be changed, and change nothing");
    command.add_flag(
        "--rebuild", options->rebuild,
        "Afterwards list the mail that is deferred already, as \"flushd rebuild\" does");
    command.callback([&global, options] { install(instance(global.config_directory), *options); });
}

void add_uninstall(CLI::App& app, const global_options& global) {
    auto& command = *app.add_subcommand(
        "uninstall", "Puts Postfix's own flush back, and proves that it answers");
    const auto options = std::make_shared<install_options>();
    command.add_flag("--dry-run", options->dry_run,
                     "Show what would be changed, and change nothing");
    command.callback(
        [&global, options] { uninstall(instance(global.config_directory), *options); });
}

} // namespace flushd::tool
