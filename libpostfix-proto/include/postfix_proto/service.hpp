/// Runs a complete Postfix service; you supply the per-client code.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/client_connection.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/privileges.hpp"
#include "postfix_proto/service_options.hpp"
#include "postfix_proto/work_in_hand.hpp"
#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postfix_proto {

/// The arguments for the construction of a service, while the process may still read files that
/// only root may read.
struct service_setup {
    const service_options& options; ///< of the command line; the overrides are in main_cf
    const postconf_result& main_cf; ///< the parameters that the program asked for
    logger& log;                    ///< of maillog_file or syslog; outlives the service
};

/// The objects that a service may use once the process is in its jail.
struct service_runtime {
    boost::asio::io_context& context; ///< one thread runs it
    work_in_hand& work; ///< counts unfinished work, which keeps the process from ending
    logger& log;        ///< as in service_setup
};

/// The interface that a program implements; run_service() does all the rest. It calls the members
/// in this order, in one thread; the current directory is $queue_directory in all of them.
class service {
public:
    virtual ~service() = default;

    /// Files that the service has read, besides main.cf. When one of them changes, the process ends
    /// as soon as its work is finished, and master(8) starts another for the next client.
    [[nodiscard]] virtual std::vector<std::string> watched_files() const { return {}; }

    /// The number of descriptors that the service reserves for itself; clients may use the others.
    [[nodiscard]] virtual std::size_t descriptors() const { return 64; }

    /// The confinement of the process from begin() on; none by default. The current directory is
    /// $queue_directory, with and without chroot. In a process that is confined to the queue,
    /// logging and all of this library's clients still work.
    [[nodiscard]] virtual std::optional<postfix_proto::confinement> confinement() const {
        return std::nullopt;
    }

    /// Called when the process has entered the jail and has dropped its privileges (master.cf's
    /// chroot and unprivileged). The objects that `runtime` refers to outlive the service. May
    /// throw startup_error.
    virtual void begin(const service_runtime& runtime) { static_cast<void>(runtime); }

    /// The threads of the service; called after begin(). They are paused for a moment when the
    /// process forks (see master_service), and when one is stuck the watchdog ends the process. A
    /// service must have no other threads.
    [[nodiscard]] virtual std::vector<worker_thread*> workers() { return {}; }

    /// Serves one client, in a coroutine of its own. All clients are served concurrently, in one
    /// process. An exception is logged as a warning and closes the connection of this client.
    [[nodiscard]] virtual boost::asio::awaitable<void> serve(client_connection& client) = 0;

    /// Called when master(8) has closed the status pipe, because it reloads or has ended, before
    /// the process accepts no more clients. After a reload, Postfix's other long-lived processes
    /// end, too. Not called in a process that master has lost sight of by then (see
    /// master_service).
    virtual void master_has_gone() {}

    /// Called when no client is left, and the process is about to end.
    virtual void end() {}
};

/// Describes a program to run_service().
struct service_program {
    /// The parameters of main.cf that the program reads, besides those that every service needs. A
    /// parameter that this Postfix does not know is absent from service_setup::main_cf.
    std::vector<std::string> parameters{};

    /// Parameters of the program's own, for `-o name=value` in master.cf, and their defaults.
    /// postconf(1) warns about one that is set as "unused parameter"; the warning is harmless.
    parameter_values own_parameters{};

    /// Makes the service, before chroot and with the privileges that master(8) gave. It may throw
    /// startup_error, whose text is logged for the operator.
    std::function<std::unique_ptr<service>(const service_setup&)> make;

    /// The letters of the program's own options, each of which has an argument; see
    /// service_options::own.
    std::string own_options{};
};

/// Does everything that a child of master(8) must do, in Postfix's order (master/single_server.c
/// and multi_server.c, Postfix 3.7): options, main.cf with master.cf's `-o`, the log,
/// $queue_directory, then chroot and privileges; clients on all sockets, or the one on standard
/// input (-S); a watchdog (daemon_timeout). It ends when master does or reloads, after max_idle
/// without a client, when main.cf or a watched file has changed, and after max_use clients where
/// master.cf sets it for this service: at main.cf's 100, a process that serves all clients at once
/// would do little but start. See master_service.
///
/// Returns the value that main() must return. If the service cannot continue, the reason is logged
/// as `fatal`, or as `panic` when it is a bug in the program; the process then sleeps for a second,
/// so that a service that fails at once does not keep the machine busy.
///
///     int main(int argc, char* argv[]) {
///         return postfix_proto::run_service(argc, argv, {.make = make_echo});
///     }
[[nodiscard]] int run_service(int argc, const char* const* argv, const service_program& program);

} // namespace postfix_proto
