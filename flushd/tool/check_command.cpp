#include "flushd/tool/command.hpp"

#include "flushd/flush_parameters.hpp"
#include "flushd/site_policy.hpp"
#include "flushd/tool/daemon_file.hpp"
#include "flushd/tool/findings.hpp"
#include "flushd/tool/live_service.hpp"
#include "flushd/tool/master_cf.hpp"
#include "flushd/tool/tool_error.hpp"
#include "flushd/tool/unlisted_mail.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/proxymap_client.hpp"
#include "postfix_proto/service_connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace flushd::tool {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace postfix_proto;
using namespace std::chrono_literals;

namespace {

/// How long any service may be silent before it counts as one that does not answer.
constexpr auto patience = 10s;

/// Keeps what the daemon would have written to the log, each line once.
class collecting_sink : public log_sink {
public:
    explicit collecting_sink(std::vector<std::string>& lines) : lines_(lines) {}
    void write(severity level, std::string_view text) noexcept override {
        if (level != severity::info &&
            std::find(lines_.begin(), lines_.end(), text) == lines_.end())
            lines_.emplace_back(text);
    }

private:
    std::vector<std::string>& lines_;
};

/// One run of the command.
class check {
public:
    explicit check(const instance& where)
        : where_(where), service_(where.parameters().get("flush_service_name")),
          master_cf_(where.config_directory() + "/master.cf"),
          main_cf_(where.config_directory() + "/main.cf"), master_(find_master(where)),
          log_(std::make_unique<collecting_sink>(complaints_)) {
        if (::chdir(where.queue_directory().c_str()) < 0)
            throw tool_error(fmt::format("cannot enter {}: {}; \"postfix check\" makes it",
                                         where.queue_directory(), errno_text(errno)),
                             EX_NOINPUT);
    }

    unsigned run() {
        const auto entry = check_entry();
        read_main_cf(entry);
        check_domains();
        check_restrictions();
        check_flush_directory();
        if (master_) {
            check_answer(entry);
            check_queue_manager();
            check_age();
            check_mail();
        } else {
            found_.error("Postfix does not run, so its services and its queue were not looked at: "
                         "postfix start");
        }
        return found_.count();
    }

private:
    /// For a command line that the operator can copy.
    std::string postconf(std::string_view arguments) const {
        return where_.config_directory() == "/etc/postfix"
                   ? fmt::format("postconf {}", arguments)
                   : fmt::format("postconf -c {} {}", where_.config_directory(), arguments);
    }
    std::string mend_field(const service_entry& entry, std::string_view change) const {
        return fmt::format("{}, then postfix reload",
                           postconf(fmt::format("-F {}/{}", entry.name, change)));
    }

    // --- master.cf

    std::optional<service_entry> check_entry() {
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
            found_.warning("{} in {} still runs Postfix's own flush: flushd install", entry->name,
                           master_cf_);
        else
            found_.error("{} in {} runs \"{}\", which is neither flush nor flushd: {}", entry->name,
                         master_cf_, program, mend_field(*entry, "command=flush"));
        check_fields(*entry);
        check_program(program);
        return entry;
    }

    void check_fields(const service_entry& entry) {
        const auto before = found_.count();
        if (entry.field("private") != "n")
            found_.error("{} is private, and who asks it looks for it in public/: {}", entry.name,
                         mend_field(entry, "private=n"));
        if (entry.field("unprivileged") == "n")
            found_.warning("{} runs as root, and logfiles that root makes are of no use to {}: {}",
                           entry.name, where_.parameters().get("mail_owner"),
                           mend_field(entry, "unprivileged=-"));
        if (const auto& wakeup = entry.field("wakeup"); wakeup == "-" || wakeup == "0")
            found_.warning("{} is never woken, so that old logfiles are neither sent nor removed: "
                           "{}",
                           entry.name, mend_field(entry, "wakeup=1000?"));
        if (const auto& limit = entry.field("process_limit");
            limit != "0" && entry.program() == stock_program)
            found_.error("{} has the process limit {}, with which Postfix's own flush does not "
                         "run: {}",
                         entry.name, limit, mend_field(entry, "process_limit=0"));
        if (found_.count() == before)
            found_.ok("its other fields will do: chroot {}, wakeup {}, process limit {}",
                      entry.field("chroot"), entry.field("wakeup"), entry.field("process_limit"));
    }

    void check_program(std::string_view program) {
        if (program != our_program)
            return;
        const daemon_file file(where_);
        if (file.find_state() == daemon_file::state::missing) {
            found_.error("{} is missing: flushd install copies it there", file.path());
            return;
        }
        try {
            file.check_runs();
        } catch (const tool_error& error) {
            found_.error("{}: replace it, and until then flushd uninstall", error.what());
        }
    }

    // --- main.cf

    void read_main_cf(const std::optional<service_entry>& entry) {
        postconf_request request;
        request.config_directory = where_.config_directory();
        request.names = flush_parameter_names();
        for (const char* name : {"relay_domains", "smtpd_etrn_restrictions"})
            request.names.emplace_back(name);
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
        } catch (const startup_error& error) {
            found_.error("{}: the service cannot start until this is mended", error.what());
        }
        for (const auto& [name, value] : request.overrides)
            if (name == "fast_flush_domains")
                found_.warning("{} sets fast_flush_domains for itself only, while the SMTP server "
                               "and the delivery agents go by {}: set it there",
                               master_cf_, main_cf_);
    }

    void check_domains() {
        if (!parameters_)
            return;
        const auto& domains = parameters_->fast_flush_domains;
        if (domains.find_first_not_of(", \t\n") == std::string::npos) {
            auto raw = where_.run_checked("postconf", {"-h", "fast_flush_domains"});
            raw.erase(raw.find_last_not_of(" \n") + 1);
            if (raw.empty())
                found_.error("fast_flush_domains is empty, so no site is served: {}",
                             postconf("-e 'fast_flush_domains = $relay_domains'"));
            else
                found_.error("fast_flush_domains is {}, which comes to nothing, so no site is "
                             "served: {}",
                             raw, postconf("-e 'relay_domains = CUSTOMER.TLD'"));
            return;
        }
        try {
            policy_.emplace(*parameters_, log_);
            // What opens may still give no answers. But what does not open would say so once more.
            if (complaints_.empty())
                look_up("flushd-check.invalid");
        } catch (const startup_error& error) {
            complaints_.emplace_back(error.what());
        }
        if (complaints_.empty())
            found_.ok("fast_flush_domains is {}", shortened(domains));
        for (const auto& complaint : complaints_)
            found_.error("fast_flush_domains: {}; the sites that depend on it get no service: mend "
                         "it (is a postmap missing?), or take it out of fast_flush_domains",
                         complaint);
        complaints_.clear();
    }

    static std::string shortened(const std::string& text) {
        constexpr std::size_t enough = 200;
        return text.size() <= enough ? text : text.substr(0, enough) + "...";
    }

    /// For what it leaves in the log.
    void look_up(const std::string& site) {
        if (policy_->resolve_now(site) || !master_)
            return;
        asio::io_context context(1);
        proxymap_client proxymap(context, {.path = parameters_->proxymap_socket, .limit = patience},
                                 log_);
        const auto ask = [&]() -> asio::awaitable<void> {
            static_cast<void>(co_await policy_->resolve(site, proxymap));
        };
        asio::co_spawn(context, ask(), [&](const std::exception_ptr&) {
            context.stop(); // the connection to proxymap(8) may be left
        });
        context.run();
    }

    void check_restrictions() {
        if (!values_)
            return;
        const auto& restrictions = values_->get("smtpd_etrn_restrictions");
        const auto begin = restrictions.find_first_not_of(", \t");
        if (begin == std::string::npos)
            return;
        const auto first =
            restrictions.substr(begin, restrictions.find_first_of(", \t", begin) - begin);
        if (first == "reject" || first == "defer")
            found_.error("smtpd_etrn_restrictions begins with {}, so that every ETRN is refused: "
                         "{}",
                         first,
                         postconf("-e 'smtpd_etrn_restrictions = permit_mynetworks, reject'"));
    }

    // --- the disk

    void check_flush_directory() {
        const auto& owner = where_.parameters().get("mail_owner");
        const passwd* account = ::getpwnam(owner.c_str());
        if (account == nullptr) {
            found_.error("mail_owner is {}, and there is no such account: create it", owner);
            return;
        }
        const auto directory = where_.queue_directory() + "/flush";
        struct stat status {};
        if (::lstat(directory.c_str(), &status) < 0) {
            if (errno == ENOENT && !master_)
                return; // made when Postfix starts
            found_.error("{}: {}: postfix check makes it", directory, errno_text(errno));
            return;
        }
        bad_entries bad;
        look_at(directory, account->pw_uid, bad);
        std::error_code error;
        if (bad.count == 0)
            for (fs::recursive_directory_iterator item(directory, error), end;
                 !error && item != end; item.increment(error))
                look_at(item->path(), account->pw_uid, bad);
        if (bad.count == 0 && !error)
            found_.ok("{} and what is in it belong to {}", directory, owner);
        else if (error)
            found_.error("{} cannot be read: {}", directory, error.message());
        else
            found_.error("{} {}{}: chown -R {} {} && chmod -R u+rwX {}", bad.first, bad.why,
                         bad.count > 1 ? fmt::format(", and {} more", bad.count - 1) : "", owner,
                         directory, directory);
    }

    struct bad_entries {
        std::size_t count = 0;
        std::string first, why;
    };

    static void look_at(const fs::path& path, uid_t owner, bad_entries& bad) {
        struct stat status {};
        if (::lstat(path.c_str(), &status) < 0)
            return; // gone meanwhile
        const bool is_directory = S_ISDIR(status.st_mode);
        const mode_t needed = is_directory ? S_IRWXU : S_IRUSR | S_IWUSR;
        const char* why = nullptr;
        if (!is_directory && !S_ISREG(status.st_mode))
            why = "is neither a file nor a directory";
        else if (status.st_uid != owner)
            why = "belongs to another user";
        else if ((status.st_mode & needed) != needed)
            why = "cannot be used by its owner";
        if (why != nullptr && bad.count++ == 0) {
            bad.first = path;
            bad.why = why;
        }
    }

    // --- what runs

    void check_answer(const std::optional<service_entry>& entry) {
        const auto socket = where_.public_socket(service_);
        const auto done = ask_for_nothing(where_, patience);
        if (done.outcome != flush_outcome::ok) {
            found_.error("{} gives no answer ({}): the mail log says why", socket, done.text);
            return;
        }
        const auto processes = find_processes(*master_, service_);
        const auto other =
            std::find_if(processes.begin(), processes.end(), [&](const service_process& process) {
                return entry && process.program != entry->program();
            });
        if (other != processes.end())
            found_.error("{} answers on {}, process {}, but {} has {}: postfix reload",
                         other->program, socket, other->id, master_cf_, entry->program());
        else if (processes.empty())
            found_.ok("{} answers", socket);
        else
            found_.ok("{} answers on {}, process {}", processes.front().program, socket,
                      processes.front().id);
        check_binary(processes);
    }

    /// Of a process that goes on with a file that has been replaced.
    void check_binary(const std::vector<service_process>& processes) {
        for (const auto& process : processes) {
            std::error_code error;
            const auto file = fs::read_symlink(fmt::format("/proc/{}/exe", process.id), error);
            if (!error && file.string().ends_with(" (deleted)"))
                found_.warning("process {} still runs the {} from before it was replaced: "
                               "postfix reload",
                               process.id, process.program);
        }
    }

    void check_queue_manager() {
        const auto name = where_.parameters().get("queue_service_name");
        const auto path = "public/" + name;
        struct stat status {};
        std::string problem;
        if (::stat(path.c_str(), &status) < 0)
            problem = errno_text(errno);
        else if (S_ISFIFO(status.st_mode))
            problem = ask_fifo(path);
        else
            problem = ask_socket(path);
        if (problem.empty())
            found_.ok("the queue manager answers on {}/{}", where_.queue_directory(), path);
        else
            found_.error("the queue manager does not answer on {}/{} ({}), so that nothing is "
                         "delivered: postfix reload, and look into the mail log",
                         where_.queue_directory(), path, problem);
    }

    static std::string ask_fifo(const std::string& path) {
        const file_descriptor fifo(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        return fifo ? std::string() : errno_text(errno);
    }

    /// Asks for what each new message asks for, a look at the incoming queue. It has been taken
    /// when the queue manager closes the connection.
    static std::string ask_socket(const std::string& path) {
        asio::io_context context(1);
        service_connection service(context, path);
        service.expires_after(patience);
        std::optional<service_failure> failure;
        const auto talk = [&]() -> asio::awaitable<void> {
            std::string input;
            failure = co_await service.connect();
            if (!failure)
                failure = co_await service.send(std::string("I\0", 2));
            while (!failure)
                failure = co_await service.receive(input);
        };
        asio::co_spawn(context, talk(), [](const std::exception_ptr&) {});
        context.run();
        return failure && failure->why != service_failure::reason::closed ? failure->text
                                                                          : std::string();
    }

    /// Each process reads main.cf when it starts, and master.cf is read at a reload. The queue
    /// manager is started anew at each reload, and lives until the next one.
    void check_age() {
        constexpr auto precision = 2s; // of the start in /proc
        const auto managers =
            find_processes(*master_, where_.parameters().get("queue_service_name"));
        if (managers.empty())
            return;
        const auto last_reload = managers.front().started;
        bool is_older = false;
        for (const auto& file : {main_cf_, master_cf_}) {
            struct stat status {};
            if (::stat(file.c_str(), &status) == 0 &&
                std::chrono::system_clock::from_time_t(status.st_mtime) > last_reload + precision) {
                found_.warning("{} has been changed since Postfix read it: postfix reload", file);
                is_older = true;
            }
        }
        if (!is_older)
            found_.ok("main.cf and master.cf are those that Postfix has read");
    }

    void check_mail() {
        if (!policy_)
            return;
        const auto mail = find_unlisted_mail(
            *parameters_, where_.parameters().get("showq_service_name"), *policy_, patience, log_);
        if (!mail.failure.empty())
            found_.error("the queue cannot be seen: {}: postfix reload, and look into the mail log",
                         mail.failure);
        else if (mail.messages == 0)
            found_.ok("all deferred mail for eligible sites is listed ({} message{})",
                      mail.looked_at, mail.looked_at == 1 ? "" : "s");
        if (mail.messages == 0)
            return;
        std::string sites;
        constexpr std::size_t enough = 5;
        std::size_t shown = 0;
        for (const auto& [site, count] : mail.sites) {
            if (shown++ == enough) {
                sites += fmt::format(" and {} more", mail.sites.size() - enough);
                break;
            }
            sites += fmt::format("{}{} ({})", sites.empty() ? "" : ", ", site, count);
        }
        found_.warning("{} of {} deferred messages for eligible sites are not listed, so that ETRN "
                       "does not deliver them: {}: flushd rebuild",
                       mail.messages, mail.looked_at, sites);
    }

    const instance& where_;
    std::string service_;
    std::string master_cf_;
    std::string main_cf_;
    std::optional<pid_t> master_;
    findings found_;
    std::vector<std::string> complaints_;
    logger log_;
    std::optional<postconf_result> values_;
    std::optional<flush_parameters> parameters_;
    std::optional<site_policy> policy_;
};

} // namespace

void add_check(CLI::App& app, const global_options& global) {
    auto& command = *app.add_subcommand(
        "check", "Looks for what keeps ETRN from working; exits 1 if it finds any");
    command.callback([&global] {
        if (::geteuid() != 0)
            throw tool_error("only root can see all that has to be looked at: run \"flushd check\" "
                             "as root",
                             EX_NOPERM);
        const instance where(global.config_directory);
        if (check(where).run() > 0)
            throw CLI::RuntimeError(1);
    });
}

} // namespace flushd::tool
