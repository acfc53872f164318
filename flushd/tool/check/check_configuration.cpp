#include "flushd/tool/check/check.hpp"

#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "postfix_proto/errors.hpp"

#include "postfix_proto/proxymap_client.hpp"
#include "postfix_proto/release_traits.hpp"
#include "postfix_proto/run_blocking.hpp"

#include <boost/asio/io_context.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

std::string shortened(const std::string& text) {
    constexpr std::size_t enough = 200;
    return text.size() <= enough ? text : text.substr(0, enough) + "...";
}

struct bad_entries {
    std::size_t count = 0;
    std::string first, why;
};

void look_at(const std::string& path, const struct stat& status, uid_t owner, bad_entries& bad) {
    const bool is_directory = S_ISDIR(status.st_mode);
    const mode_t needed = is_directory ? S_IRWXU : S_IRUSR | S_IWUSR;
    const char* why = nullptr;
    if (!is_directory && !S_ISREG(status.st_mode))
        why = "is neither a file nor a directory";
    else if (status.st_uid != owner)
        why = "is owned by another user";
    else if ((status.st_mode & needed) != needed)
        why = "is not accessible to its owner";
    if (why != nullptr && bad.count++ == 0) {
        bad.first = path;
        bad.why = why;
    }
}

} // namespace

// --- master.cf

std::optional<service_entry> check::check_entry() {
    std::optional<service_entry> entry;
    try {
        entry = find_flush_service(where_);
    } catch (const tool_error& error) {
        found_.error("{}", error.what());
        return std::nullopt;
    }
    const auto program = entry->program();
    if (program == our_program)
        found_.ok("{} in {} runs flushd", entry->name, master_cf_);
    else if (program == stock_program)
        found_.warning("{} in {} still runs Postfix's own flush: {}", entry->name, master_cf_,
                       command("flushd", "install"));
    else
        found_.error("{} in {} runs \"{}\", which is neither flush nor flushd: {}", entry->name,
                     master_cf_, program, mend_field(*entry, "command=flush"));
    check_fields(*entry);
    check_program(program);
    return entry;
}

void check::check_fields(const service_entry& entry) {
    const auto before = found_.problems();
    if (entry.field("private") != "n")
        found_.error("{} is private, but clients connect to public/: {}", entry.name,
                     mend_field(entry, "private=n"));
    if (entry.field("unprivileged") == "n")
        found_.warning("{} runs as root, and {} cannot use the logfiles that root creates: {}",
                       entry.name, where_.parameters().get("mail_owner"),
                       mend_field(entry, "unprivileged=-"));
    if (const auto& wakeup = entry.field("wakeup"); wakeup == "-" || wakeup == "0")
        found_.warning("{} has no wakeup time, so old logfiles are neither sent nor removed: {}",
                       entry.name, mend_field(entry, "wakeup=1000?"));
    if (const auto& limit = entry.field("process_limit");
        limit != "0" && entry.program() == stock_program)
        found_.error("{} has process limit {}, but Postfix's own flush runs only with 0: {}",
                     entry.name, limit, mend_field(entry, "process_limit=0"));
    if (found_.problems() == before)
        found_.ok("its other fields are fine: chroot {}, wakeup {}, process limit {}",
                  entry.field("chroot"), entry.field("wakeup"), entry.field("process_limit"));
}

void check::check_program(std::string_view program) {
    if (program != our_program)
        return;
    const daemon_file file(where_);
    if (file.find_state() == daemon_file::state::missing) {
        // The image or the package no longer has it. A program that defers mail waits for a reply.
        found_.error(
            "{} is missing, and every program that defers mail waits for it: {}; or go back to "
            "Postfix's own flush, which master(8) starts within a minute: {}",
            file.path(), command(shell_word(file.own_path()), "install --rebuild"),
            joined({command("postconf",
                            fmt::format("-F {}/command=flush", flush_service_entry_name(where_))),
                    command("postfix", "reload")}));
        return;
    }
    try {
        file.check_runs();
    } catch (const tool_error& error) {
        found_.error("{}: replace it, and until then run {}", error.what(),
                     command("flushd", "uninstall"));
    }
}

// --- main.cf

void check::read_main_cf(const std::optional<service_entry>& entry) {
    postconf_request request;
    request.config_directory = where_.config_directory();
    request.names = flush_parameter_names();
    request.names.emplace_back("relay_domains");
    if (entry) {
        request.service_name = service_;
        request.process_name = entry->program();
        const auto prefix = entry->name + '/';
        for (auto& [name, value] :
             parse_postconf_output(where_.run_checked("postconf", {"-P", prefix + '*'})))
            if (name.starts_with(prefix))
                request.overrides.emplace_back(name.substr(prefix.size()), value);
    }
    try {
        values_ = read_postconf(request);
        parameters_ = read_flush_parameters(*values_);
        find_missing_table_types(*parameters_, where_.config_directory());
    } catch (const startup_error& error) {
        found_.error("{}: the service cannot start until this is fixed", error.what());
    }
    for (const auto& [name, value] : request.overrides)
        if (name == "fast_flush_domains")
            found_.warning("{} sets fast_flush_domains for the flush service only, but the SMTP "
                           "server and the delivery agents use {}: set it there",
                           master_cf_, main_cf_);
}

void check::check_release() {
    if (!parameters_ || parameters_->release <= newest_tried_release)
        return;
    found_.note("Postfix {}.{} is newer than the releases that flushd was tested with, and is "
                "treated as the newest of them, {}.{}",
                parameters_->release.major, parameters_->release.minor, newest_tried_release.major,
                newest_tried_release.minor);
}

void check::check_domains() {
    if (!parameters_)
        return;
    const auto& domains = parameters_->fast_flush_domains;
    if (domains.find_first_not_of(", \t\n") == std::string::npos) {
        is_list_empty_ = true;
        auto raw = where_.run_checked("postconf", {"-h", "fast_flush_domains"});
        raw.erase(raw.find_last_not_of(" \n") + 1);
        if (raw.empty())
            found_.error("fast_flush_domains is empty, so no destination is eligible: {}",
                         command("postconf", "-e 'fast_flush_domains = $relay_domains'"));
        else
            found_.error("fast_flush_domains is {}, which expands to nothing, so no destination is "
                         "eligible: {}",
                         raw, command("postconf", "-e 'relay_domains = CUSTOMER.TLD'"));
        return;
    }
    const auto plan = plan_proxied_tables(where_);
    const bool is_served = !plan.is_needed() && plan.refused.empty();
    try {
        policy_.emplace(*parameters_, log_);
        // A table that can be opened may still fail. (One that cannot would be reported twice.)
        if (complaints_.empty() && is_served)
            is_any_eligible_ = look_up("flushd-check.invalid");
    } catch (const startup_error& error) {
        complaints_.emplace_back(error.what());
    }
    if (!is_served)
        check_proxied(plan);
    else if (complaints_.empty())
        found_.ok("fast_flush_domains is {}", shortened(domains));
    for (const auto& complaint : complaints_) {
        if (may_be_permission(complaint)) {
            found_.unknown("whether fast_flush_domains can be searched: {}", complaint);
            continue;
        }
        found_.error("fast_flush_domains: {}; destinations that depend on it are not served: fix "
                     "it (has postmap been run?), or remove it from fast_flush_domains",
                     complaint);
    }
    complaints_.clear();
}

/// Reports tables that need proxymap(8).
void check::check_proxied(const proxy_plan& plan) {
    constexpr const char* effect = "destinations that depend on it are not served";
    if (!plan.refused.empty()) {
        auto commands = permission_commands(where_, plan);
        const bool ends_programs =
            !has_trait(parameters_->release, release_trait::refused_table_fails) ||
            parameters_->table_open_error_is_fatal;
        if (ends_programs) {
            // A reload does not help at once: master(8) throttles such a service for a minute.
            commands.pop_back();
            for (const char* what : {"stop", "start"})
                commands.push_back(command("postfix", what));
        }
        found_.error("fast_flush_domains names {}, but proxy_read_maps does not: {}: {}",
                     fmt::join(plan.refused, " "),
                     ends_programs ? "every Postfix program that opens it terminates, so no mail "
                                     "is moved"
                                   : effect,
                     joined(commands));
    }
    if (!plan.is_needed())
        return;
    if (plan.obstacle.empty())
        found_.error("{}; {}: run {} or, in this order: {}", explain(plan), effect,
                     command("flushd", "install --proxy"), joined(proxy_commands(where_, plan)));
    else
        found_.error("{}; {}: {}", explain(plan), effect, plan.obstacle);
}

/// Looks up a site, also for the sake of the warnings that this logs. Returns whether it is
/// eligible.
bool check::look_up(const std::string& site) {
    auto verdict = policy_->resolve_now(site);
    if (!verdict && !is_root_) {
        found_.unknown("whether proxymap(8) can search the tables of fast_flush_domains: only root "
                       "may ask it");
        return false;
    }
    if (!verdict && !master_) {
        found_.unknown(
            "whether proxymap(8) can search the tables of fast_flush_domains: Postfix is "
            "not running");
        return false;
    }
    if (verdict)
        return std::holds_alternative<logfile_name>(*verdict);
    boost::asio::io_context context(1);
    proxymap_client proxymap(context,
                             {.path = parameters_->proxymap_socket,
                              .form = parameters_->proxymap_form,
                              .limit = patience},
                             log_);
    return std::holds_alternative<logfile_name>(
        run_until_done(context, policy_->resolve(site, proxymap)));
}

// --- the disk

void check::check_flush_directory() {
    const auto& owner = where_.parameters().get("mail_owner");
    const passwd* account = ::getpwnam(owner.c_str());
    if (account == nullptr) {
        found_.error("mail_owner is {}, but there is no such account: create it", owner);
        return;
    }
    const auto directory = where_.queue_directory() + "/flush";
    struct stat status {};
    if (::lstat(directory.c_str(), &status) < 0) {
        if (errno == ENOENT && !master_)
            return; // created when Postfix starts
        found_.error("{}: {}: {}", directory, errno_text(errno), command("postfix", "check"));
        return;
    }
    bad_entries bad;
    look_at(directory, status, account->pw_uid, bad);
    std::error_code failure;
    if (bad.count == 0)
        failure = walk_foreign_directory(
            directory, [&](const std::string& name, const struct stat& entry) {
                look_at(directory + '/' + name, entry, account->pw_uid, bad);
                return true;
            });
    if (bad.count == 0 && !failure)
        found_.ok("{} and its contents belong to {}", directory, owner);
    else if (failure == std::errc::permission_denied && !is_root_)
        found_.ok("{} belongs to {}", directory, owner);
    else if (failure)
        found_.error("{} cannot be read: {}", directory, failure.message());
    else
        found_.error("{} {}{}: chown -R {} {} && chmod -R u+rwX {}", bad.first, bad.why,
                     bad.count > 1 ? fmt::format(", and {} more", bad.count - 1) : "", owner,
                     directory, directory);
}

} // namespace flushd::tool
