#include "flushd/flush_daemon.hpp"

#include "flushd/flush_parameters.hpp"
#include "flushd/flush_service.hpp"
#include "flushd/flush_session.hpp"
#include "flushd/site_policy.hpp"

#include "postfix_proto/debugger.hpp"
#include "postfix_proto/file_watch.hpp"
#include "postfix_proto/mail_log.hpp"
#include "postfix_proto/master_channel.hpp"
#include "postfix_proto/master_service.hpp"
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/privileges.hpp"
#include "postfix_proto/service_options.hpp"
#include "postfix_proto/watchdog.hpp"

#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>

namespace flushd {

namespace asio = boost::asio;
using namespace postfix_proto;

namespace {

void check_transport(const service_options& options) {
    if (options.stdin_stream)
        return;
    if (!options.transport)
        throw startup_error("no transport type specified");
    if (::strcasecmp(options.transport->c_str(), "unix") != 0 &&
        ::strcasecmp(options.transport->c_str(), "inet") != 0)
        throw startup_error(fmt::format("unsupported transport type: {}", *options.transport));
}

postconf_result read_main_cf(const service_options& options) {
    postconf_request request;
    request.overrides = options.overrides;
    request.service_name = options.service_name;
    request.process_name = options.process_name;
    request.names = flush_parameter_names();
    for (const char* name :
         {"config_directory", "debugger_command", "maillog_file", "maillog_file_prefixes",
          "max_use", "myhostname", "postlog_service_name", "syslog_facility", "syslog_name"})
        request.names.emplace_back(name);
    return read_postconf(request);
}

log_settings read_log_settings(const service_options& options, const postconf_result& main_cf) {
    log_settings result;
    result.process_name = options.process_name;
    result.syslog_name = main_cf.get("syslog_name");
    result.syslog_facility = main_cf.get("syslog_facility");
    result.myhostname = main_cf.get("myhostname");
    result.queue_directory = main_cf.get("queue_directory");
    // Postfix logs to syslog only before 3.4, and does not know these.
    result.maillog_file = main_cf.find("maillog_file").value_or("");
    result.maillog_file_prefixes = main_cf.find("maillog_file_prefixes").value_or("");
    result.postlog_service_name = main_cf.find("postlog_service_name").value_or("");
    result.log_to_stderr = options.log_to_stderr;
    return result;
}

/// max_use keeps daemons that serve one client at a time from leaking for ever. At main.cf's 100
/// clients, a process that serves all clients at once would do little but start, so it counts
/// only where master.cf sets it for this service.
std::optional<std::size_t> read_max_use(const service_options& options,
                                        const postconf_result& main_cf) {
    const auto& set_here = options.overrides;
    if (std::none_of(set_here.begin(), set_here.end(),
                     [](const auto& parameter) { return parameter.first == "max_use"; }))
        return std::nullopt;
    return static_cast<std::size_t>(main_cf.get_int("max_use", 1));
}

/// Of the descriptors that the process may have, most are for clients. master(8) hands on the
/// hard limit, which is 1024 in small containers and half a million below systemd.
std::size_t most_open_logfiles() {
    constexpr rlim_t share = 4;
    constexpr rlim_t enough = 4096; // a few hundred bytes each
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) < 0 || descriptors.rlim_cur == RLIM_INFINITY)
        return enough;
    return std::clamp<rlim_t>(descriptors.rlim_cur / share, 1, enough);
}

master_service_settings read_service_settings(const service_options& options,
                                              const flush_parameters& parameters,
                                              const postconf_result& main_cf) {
    master_service_settings result;
    result.reserved_descriptors += most_open_logfiles();
    result.socket_count = static_cast<unsigned>(options.socket_count);
    result.ipc_timeout = parameters.ipc_timeout;
    result.max_idle = parameters.max_idle;
    result.max_use = read_max_use(options, main_cf);
    return result;
}

} // namespace

int run_daemon(int argc, const char* const* argv, logger& log) {
    const auto options = parse_service_options(argc, argv);
    log.set_verbosity(options.verbosity);
    if (options.log_to_stderr)
        log.replace_sink(make_log_sink_before_configuration(options.process_name, true));
    if (options.daemon_mode && !options.stdin_stream && ::isatty(STDIN_FILENO) != 0)
        throw startup_error("do not run this command by hand");
    check_transport(options);
    const unsigned generation = parse_generation();
    set_master_descriptors_close_on_exec(options.socket_count);
    // A peer that has gone, and a file at its size limit, are errors of the call that meets them.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);

    timespec reading_since{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &reading_since);
    const auto main_cf = read_main_cf(options);
    log.replace_sink(make_log_sink(read_log_settings(options, main_cf)));
    const auto parameters = read_flush_parameters(main_cf);
    check_mail_owner(parameters.mail_owner);
    if (options.debug)
        run_debugger_command(main_cf.get("debugger_command"), log);
    if (::chdir(parameters.queue_directory.c_str()) < 0)
        throw startup_error(
            fmt::format("chdir(\"{}\"): {}", parameters.queue_directory, errno_text(errno)));

    site_policy policy(parameters, log);
    auto watched_files = policy.files();
    watched_files.push_back(main_cf.get("config_directory") + "/main.cf");
    file_watch files(watched_files, reading_since);

    jail_settings jail;
    if (options.chroot)
        jail.root_directory = parameters.queue_directory;
    if (options.drop_privileges)
        jail.user = parameters.mail_owner;
    enter_jail(jail);

    asio::io_context context(1); // one thread runs it; the worker only tells it when it is done
    master_channel master(::getpid(), generation);
    master_service service(context, read_service_settings(options, parameters, main_cf), master,
                           log);
    flush_service flush(context, parameters, most_open_logfiles(), policy, service.work(), log);
    const auto serve = [&](client_connection& client) {
        return serve_client(client, flush, parameters.announce_protocol, log);
    };
    if (options.stdin_stream) {
        service.run_stdio(serve);
        return 0;
    }
    watchdog dog(parameters.daemon_timeout, [&](severity level, std::string_view text) {
        log.write(level, text);
        // master(8) takes a process that fails without ever having been taken for one that failed
        // to start, and would let the next one wait for a minute.
        static_cast<void>(master.notify(availability::taken) &&
                          master.notify(availability::available));
    });
    service.keep_awake(dog);
    service.retire_on_change(files);
    service.run(serve);
    return 0;
}

} // namespace flushd
