#include "flushd/tool/queue/queue_context.hpp"

#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/service_errors.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace flushd::tool {

namespace {

postfix_proto::queue_layout layout_of(const instance& postfix) {
    try {
        return {postfix.parameters().get("hash_queue_names"),
                static_cast<unsigned>(postfix.parameters().get_int("hash_queue_depth", 1))};
    } catch (const postfix_proto::startup_error& error) {
        throw tool_error(error.what(), EX_CONFIG);
    }
}

} // namespace

queue_context::queue_context(instance postfix)
    : postfix_(std::move(postfix)), layout_(layout_of(postfix_)), files_(layout_) {
    names_.add_domain_list(postfix_.parameters().get("fast_flush_domains"));
    if (const auto own = own_setting(postfix_, "fast_flush_domains"))
        names_.add_domain_list(expanded(postfix_, "fast_flush_domains", *own));
}

logfile_name queue_context::logfile_of(const std::string& site) const {
    if (auto file = names_.logfile_of(site))
        return *std::move(file);
    throw tool_error(fmt::format("not a domain name: {}", site), EX_USAGE);
}

std::set<logfile_name> queue_context::logfiles_of(const std::vector<std::string>& sites) const {
    std::set<logfile_name> result;
    for (const auto& site : sites)
        result.insert(logfile_of(site));
    return result;
}

std::vector<std::string> queue_context::sites_named(const std::string& typed) {
    if (!is_logfile_name(typed))
        return {typed};
    const auto file = logfile_of(typed);
    if (names_.of(file).empty() && ::access("public", X_OK) == 0)
        learn_names_from_queue();
    const auto& known = names_.of(file);
    std::vector<std::string> result(known.begin(), known.end());
    result.push_back(typed); // a host of the local network may be called so
    return result;
}

void queue_context::refuse_without_services(const std::string& text) const {
    if (::access("public", X_OK) < 0 && errno == EACCES)
        throw tool_error(text, EX_NOPERM);
}

postfix_proto::flush_client_settings
queue_context::flush_settings(std::chrono::milliseconds limit) const {
    postfix_proto::flush_client_settings result;
    result.path = "public/" + postfix_.parameters().get("flush_service_name");
    result.limit = limit;
    return result;
}

postfix_proto::showq_client_settings queue_context::showq_settings() const {
    postfix_proto::showq_client_settings result;
    result.path = "public/" + postfix_.parameters().get("showq_service_name");
    return result;
}

std::optional<std::chrono::nanoseconds> queue_context::only_flushd_since() const {
    const auto file = postfix_.config_directory() + "/master.cf";
    std::chrono::nanoseconds result{};
    // Also check a symbolic link, which may have pointed elsewhere before.
    for (const int flags : {0, AT_SYMLINK_NOFOLLOW}) {
        struct stat status {};
        if (::fstatat(AT_FDCWD, file.c_str(), &status, flags) < 0)
            return std::nullopt;
        const auto changed = std::chrono::seconds(status.st_ctim.tv_sec) +
                             std::chrono::nanoseconds(status.st_ctim.tv_nsec);
        result = std::max<std::chrono::nanoseconds>(result, changed);
    }
    try {
        const auto service = find_service(postfix_, flush_service_entry_name(postfix_));
        return service && service->program() == our_program ? std::optional(result) : std::nullopt;
    } catch (const tool_error&) {
        return std::nullopt;
    }
}

void queue_context::learn_names_from_queue() {
    postfix_proto::blocking_showq_client queue(showq_settings());
    while (const auto* message = queue.next()) {
        if (message->queue_name != postfix_proto::queue_name::deferred)
            continue;
        while (const auto* recipient = queue.next_recipient())
            if (!recipient->has_bounced())
                names_.add(domain_of(recipient->address));
    }
    if (const auto& failure = queue.failure())
        throw_failure(*failure, postfix_command(postfix_, "postqueue", "-p"));
}

} // namespace flushd::tool
