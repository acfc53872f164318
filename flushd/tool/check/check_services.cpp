#include "flushd/tool/check/check.hpp"

#include "flushd/tool/check/unlisted_mail.hpp"
#include "flushd/tool/screen/counted.hpp"

#include "postfix_proto/trigger.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace flushd::tool {

namespace fs = std::filesystem;
using namespace postfix_proto;
using namespace std::chrono_literals;

void check::check_answer(const std::optional<service_entry>& entry) {
    const auto socket = where_.public_socket(service_);
    const auto done = ask_for_nothing(where_, patience);
    if (done.outcome != flush_outcome::ok) {
        found_.error("{} does not answer ({}): see the mail log", socket, done.text);
        return;
    }
    const auto processes = find_processes(*master_, service_);
    const auto other =
        std::find_if(processes.begin(), processes.end(), [&](const service_process& process) {
            return entry && process.program != entry->program();
        });
    if (other != processes.end())
        found_.error("{} answers on {}, process {}, but {} names {}: {}", other->program, socket,
                     other->id, master_cf_, entry->program(), command("postfix", "reload"));
    else if (processes.empty())
        found_.unknown("which program answers on {}: no process of it was found", socket);
    else
        found_.ok("{} answers on {}, process {}", processes.front().program, socket,
                  processes.front().id);
    check_binary(processes);
}

/// Finds processes that still run a file that has been replaced.
void check::check_binary(const std::vector<service_process>& processes) {
    for (const auto& process : processes) {
        std::error_code error;
        const auto file = fs::read_symlink(fmt::format("/proc/{}/exe", process.id), error);
        if (!error && file.string().ends_with(" (deleted)"))
            found_.warning("process {} still runs the old {}, which has been replaced: {}",
                           process.id, process.program, command("postfix", "reload"));
    }
}

void check::check_queue_manager() {
    const auto name = where_.parameters().get("queue_service_name");
    const auto path = "public/" + name;
    // Request a scan of the incoming queue, as each new message does.
    const auto failure = send_trigger(qmgr_request::scan_incoming, path, patience);
    if (!failure)
        found_.ok("the queue manager answers on {}/{}", where_.queue_directory(), path);
    else
        found_.error(
            "the queue manager does not answer on {}/{} ({}), so nothing is delivered: {}, "
            "and see the mail log",
            where_.queue_directory(), path, failure->text, command("postfix", "reload"));
}

/// Each process reads main.cf when it starts; master.cf is read at a reload. The queue manager is
/// restarted at each reload, so its start is the time of the last one.
void check::check_age() {
    constexpr auto precision = 2s; // of a process's start time in /proc
    const auto managers = find_processes(*master_, where_.parameters().get("queue_service_name"));
    if (managers.empty())
        return found_.unknown("whether main.cf or master.cf has changed since Postfix read it: no "
                              "process of the queue manager was found");
    const auto last_reload = managers.front().started;
    bool is_older = false;
    for (const auto& file : {main_cf_, master_cf_}) {
        struct stat status {};
        if (::stat(file.c_str(), &status) == 0 &&
            std::chrono::system_clock::from_time_t(status.st_mtime) > last_reload + precision) {
            found_.warning("{} has changed since Postfix read it: {}", file,
                           command("postfix", "reload"));
            is_older = true;
        }
    }
    if (!is_older)
        found_.ok("main.cf and master.cf have not changed since Postfix read them");
}

void check::check_mail() {
    if (!policy_) {
        if (!parameters_ || !is_list_empty_)
            found_.unknown("whether all deferred mail is listed: fast_flush_domains is not usable");
        return;
    }
    const auto mail = find_unlisted_mail(
        *parameters_, where_.parameters().get("showq_service_name"), *policy_, patience, log_);
    if (!mail.failure.empty())
        found_.error("the queue cannot be listed: {}: {}, and see the mail log", mail.failure,
                     command("postfix", "reload"));
    else if (mail.messages == 0 && mail.undecided == 0)
        found_.ok("all deferred mail for eligible destinations is listed ({})",
                  counted(mail.looked_at, "message"));
    if (mail.undecided > 0)
        found_.unknown("the eligibility of {} with deferred mail: fast_flush_domains cannot be "
                       "searched now",
                       counted(mail.undecided, "destination"));
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
    found_.warning("{} of {} deferred messages for eligible destinations are not listed, so ETRN "
                   "does not deliver them: {}: {}",
                   mail.messages, mail.looked_at, sites, command("flushd", "rebuild"));
}

} // namespace flushd::tool
