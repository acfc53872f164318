#include "postfix_proto/service.hpp"

#include "postfix_proto/debugger.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_watch.hpp"
#include "postfix_proto/mail_log.hpp"
#include "postfix_proto/master_channel.hpp"
#include "postfix_proto/master_service.hpp"
#include "postfix_proto/privileges.hpp"
#include "postfix_proto/process_name.hpp"
#include "postfix_proto/watchdog.hpp"

#include <fmt/format.h>

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace postfix_proto {

namespace {

// Postfix allows no less for any of its time limits.
constexpr std::chrono::seconds shortest_limit{1};

void check_transport(const service_options& options) {
    if (options.stdin_stream)
        return;
    if (!options.transport)
        throw startup_error("no transport type specified");
    if (::strcasecmp(options.transport->c_str(), "unix") != 0 &&
        ::strcasecmp(options.transport->c_str(), "inet") != 0)
        throw startup_error(fmt::format("unsupported transport type: {}", *options.transport));
}

postconf_result read_main_cf(const service_options& options, const service_program& program) {
    postconf_request request;
    request.overrides = options.overrides;
    request.service_name = options.service_name;
    request.process_name = options.process_name;
    request.names = program.parameters;
    request.own = program.own_parameters;
    for (const char* name :
         {"config_directory", "daemon_timeout", "debugger_command", "ipc_timeout", "mail_owner",
          "maillog_file", "maillog_file_prefixes", "max_idle", "max_use", "myhostname",
          "postlog_service_name", "queue_directory", "syslog_facility", "syslog_name"})
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

std::optional<std::size_t> read_max_use(const service_options& options,
                                        const postconf_result& main_cf) {
    const auto& set_here = options.overrides;
    if (std::none_of(set_here.begin(), set_here.end(),
                     [](const auto& parameter) { return parameter.first == "max_use"; }))
        return std::nullopt;
    return static_cast<std::size_t>(main_cf.get_int("max_use", 1));
}

master_service_settings read_service_settings(const service_options& options,
                                              const postconf_result& main_cf,
                                              std::size_t reserved_descriptors) {
    master_service_settings result;
    result.reserved_descriptors = reserved_descriptors;
    result.socket_count = static_cast<unsigned>(options.socket_count);
    result.ipc_timeout = main_cf.get_time("ipc_timeout", 's', shortest_limit);
    result.max_idle = main_cf.get_time("max_idle", 's', shortest_limit);
    result.max_use = read_max_use(options, main_cf);
    result.is_limited = !options.unlimited;
    return result;
}

jail_settings read_jail_settings(const service_options& options, const postconf_result& main_cf) {
    jail_settings result;
    if (options.chroot)
        result.root_directory = main_cf.get("queue_directory");
    if (options.drop_privileges)
        result.user = main_cf.get("mail_owner");
    return result;
}

void enter_queue_directory(const std::string& directory) {
    if (::chdir(directory.c_str()) < 0)
        throw startup_error(fmt::format("chdir(\"{}\"): {}", directory, errno_text(errno)));
}

/// Why the process ends.
void report_failure(logger& log, std::string_view name, const std::exception_ptr& failure) {
    std::string reason;
    severity level = severity::fatal;
    try {
        std::rethrow_exception(failure);
    } catch (const startup_error& e) {
        reason = e.what();
    } catch (const std::bad_alloc&) {
        reason = "out of memory";
    } catch (const std::exception& e) { // a defect
        level = severity::panic;
        reason = e.what();
    }
    log.write(level, reason);
    if (::isatty(STDERR_FILENO) != 0)
        fmt::print(stderr, "{}: {}: {}\n", name, severity_label(level), printable(reason));
    ::sleep(1); // as Postfix does, so that a process that fails at once cannot take the machine
}

void run(int argc, const char* const* argv, const service_program& program, logger& log) {
    const auto options = parse_service_options(argc, argv, program.own_options);
    log.set_verbosity(options.verbosity);
    if (options.log_to_stderr)
        log.replace_sink(make_log_sink_before_configuration(options.process_name, true));
    if (options.daemon_mode && !options.stdin_stream && ::isatty(STDIN_FILENO) != 0)
        throw startup_error("do not run this command by hand");
    check_transport(options);
    const unsigned generation = parse_generation();
    set_master_descriptors_close_on_exec(options.socket_count);
    // A closed connection, and a file at its size limit, must be reported as errors of the call.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);

    timespec reading_since{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &reading_since);
    const auto main_cf = read_main_cf(options, program);
    log.replace_sink(make_log_sink(read_log_settings(options, main_cf)));
    check_mail_owner(main_cf.get("mail_owner"));
    const auto daemon_timeout = main_cf.get_time("daemon_timeout", 's', shortest_limit);
    if (options.debug)
        run_debugger_command(main_cf.get("debugger_command"), log);
    enter_queue_directory(main_cf.get("queue_directory"));

    auto made = program.make({options, main_cf, log});
    const auto settings = read_service_settings(options, main_cf, made->descriptors());
    auto watched_files = made->watched_files();
    watched_files.push_back(main_cf.get("config_directory") + "/main.cf");
    file_watch files(watched_files, reading_since);
    auto jail = read_jail_settings(options, main_cf);
    jail.confinement = made->confinement();
    enter_jail(jail);

    boost::asio::io_context context(1); // one thread runs it
    master_channel master(::getpid(), generation);
    master_service clients(context, settings, master, log);
    const auto served = std::move(made); // destroyed before the objects that begin() passes to it
    served->begin({context, clients.work(), log});
    const auto serve = [&served](client_connection& client) { return served->serve(client); };
    if (options.stdin_stream) {
        clients.run_stdio(serve);
        served->end();
        return;
    }
    watchdog dog(daemon_timeout, [&](severity level, std::string_view text) {
        log.write(level, text);
        // If a process fails before it has been taken once, master(8) assumes that it failed to
        // start, and delays the next one by a minute.
        static_cast<void>(master.notify_used());
    });
    for (auto* const worker : served->workers())
        clients.cover(*worker);
    clients.keep_awake(dog);
    clients.retire_on_change(files);
    clients.on_master_gone([&served] { served->master_has_gone(); });
    try {
        clients.run(serve);
    } catch (...) {
        // Unfinished work refers to objects that an orderly exit would destroy.
        report_failure(log, process_basename(argv[0]), std::current_exception());
        ::_exit(1);
    }
    served->end();
}

} // namespace

int run_service(int argc, const char* const* argv, const service_program& program) {
    const char* const name = argc > 0 ? argv[0] : "service";
    logger log(make_log_sink_before_configuration(name));
    try {
        run(argc, argv, program, log);
        return 0;
    } catch (const std::exception&) {
        report_failure(log, process_basename(name), std::current_exception());
    }
    return 1;
}

} // namespace postfix_proto
