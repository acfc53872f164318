#include "flushd/tool/command.hpp"

#include "flushd/tool/install/program_switch.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace flushd::tool {

namespace {

/// Whether master.cf of another instance names flushd. True if this cannot be determined.
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
        return true; // rather keep a file that is not needed
    }
}

/// Determines all steps before it performs the first one.
class uninstall_plan {
public:
    /// Throws tool_error if the change is not possible. `where` must outlive this object.
    uninstall_plan(const instance& where, bool is_dry_run);

    [[nodiscard]] bool is_empty() const { return is_served_ && !removal_.is_needed(); }
    void show() const;
    void apply();

private:
    program_switch service_;
    proxied_tables_removal removal_;
    daemon_file file_;
    bool is_served_;
    bool removes_file_ = false;
};

uninstall_plan::uninstall_plan(const instance& where, bool is_dry_run)
    : service_(where, to_stock, is_dry_run), removal_(where), file_(where),
      is_served_(service_.is_named() && service_.is_in_effect()) {
    if (is_empty())
        return;
    if (!service_.is_named())
        service_.refuse_fixed_master_cf();
    if (removal_.is_needed())
        if (const auto why = why_not_replaceable(where.config_directory() + "/main.cf"))
            throw tool_error(
                fmt::format("{}, but main.cf must change, too: nothing has been changed. To undo "
                            "\"install --proxy\", change this there:\n{}",
                            *why, removal_.show()),
                EX_CANTCREAT);
    // If a package installed this file, its state is `same`, and the package manager removes it.
    removes_file_ = file_.find_state() == daemon_file::state::copy && !is_used_elsewhere(where);
}

void uninstall_plan::show() const {
    if (is_empty())
        return service_.show_nothing_to_do();
    if (!service_.is_named())
        service_.show_change();
    else if (!is_served_)
        service_.show_silence();
    if (removal_.is_needed())
        fmt::print("{}", removal_.show());
    if (removes_file_)
        fmt::print("{}: removed; {} is kept\n", file_.path(), file_.own_path());
}

void uninstall_plan::apply() {
    const auto process = is_served_ ? std::nullopt : service_.apply();
    if (removal_.is_needed()) // not before flushd, which needs proxymap(8), has gone
        removal_.restore();
    if (removes_file_)
        file_.remove();
    if (!is_served_)
        service_.report(process);
}

void uninstall(const instance& where, bool is_dry_run) {
    uninstall_plan plan(where, is_dry_run);
    plan.show();
    if (plan.is_empty())
        return;
    if (is_dry_run)
        return print_dry_run();
    plan.apply();
}

} // namespace

void add_uninstall(CLI::App& app, const global_options& global) {
    command_options command(app, "uninstall",
                            "Restore Postfix's own flush, and verify that it answers");
    const auto is_dry_run = std::make_shared<bool>(false);
    command.flag({"--dry-run", "Show what would change, and change nothing"}, *is_dry_run);
    command.action(
        [&global, is_dry_run] { uninstall(instance(global.config_directory), *is_dry_run); });
}

} // namespace flushd::tool
