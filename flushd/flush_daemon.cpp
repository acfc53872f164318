#include "flushd/flush_daemon.hpp"

#include "flushd/counters.hpp"
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
#include "postfix_proto/spawn.hpp"
#include "postfix_proto/watchdog.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
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
    for (const char* name : {"config_directory", "data_directory", "debugger_command",
                             "maillog_file", "maillog_file_prefixes", "max_use", "myhostname",
                             "postlog_service_name", "syslog_facility", "syslog_name"})
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

void open_counters(counters_file& file, const service_options& options,
                   const flush_parameters& parameters, const postconf_result& main_cf,
                   logger& log) {
    const auto path = counters_file::path(main_cf.get("data_directory"), options.service_name);
    // The service does its work without; `flushd metrics` says it to whoever misses them.
    if (const auto failure = file.open(path, parameters.mail_owner))
        log.debug("no counters for `flushd metrics`: open {}: {}", path, failure.message());
}

/// As long as the process lives. What was counted since is lost only if it is killed. The write is
/// of one page and to a file that nobody else reads for long, so it is done here and now.
asio::awaitable<void> save_counters(counters& counts, counters_file& file) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (true) {
        timer.expires_after(std::chrono::seconds(1));
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        file.save(counts);
    }
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

    counters counts;
    counters_file counts_on_disk;
    open_counters(counts_on_disk, options, parameters, main_cf, log);

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
    flush_service flush(context, parameters, most_open_logfiles(), policy, counts, service.work(),
                        log);
    counts.add(counter::starts);
    const auto serve = [&](client_connection& client) {
        return serve_client(client, flush, parameters.announce_protocol, log);
    };
    if (options.stdin_stream) {
        service.run_stdio(serve);
        counts_on_disk.save(counts);
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
    spawn(context, save_counters(counts, counts_on_disk), log, "save counters");
    service.run(serve);
    counts_on_disk.save(counts);
    return 0;
}

} // namespace flushd
