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

/// What a service is made with, while the process may still read what only root may.
struct service_setup {
    const service_options& options; ///< of the command line; the overrides are in main_cf
    const postconf_result& main_cf; ///< the parameters that the program asked for
    logger& log;                    ///< of maillog_file or syslog; outlives the service
};

/// What a service has once the process is in its jail.
struct service_runtime {
    boost::asio::io_context& context; ///< one thread runs it
    work_in_hand& work;               ///< what must be done before the process may end
    logger& log;                      ///< as in service_setup
};

/// What a program has to say about itself; all the rest is run_service()'s. The calls come in this
/// order, in one thread; the current directory is $queue_directory in all of them.
class service {
public:
    virtual ~service() = default;

    /// Files that the service has read, besides main.cf. When one changes the process ends as soon
    /// as nothing is in hand, and master(8) starts another for the next client.
    [[nodiscard]] virtual std::vector<std::string> watched_files() const { return {}; }

    /// How many descriptors the service wants for itself; the others are for clients.
    [[nodiscard]] virtual std::size_t descriptors() const { return 64; }

    /// What the service is held to from begin() on; nothing unless it says so. The current
    /// directory is $queue_directory, with and without chroot. In one that is held to the queue,
    /// log records and all of this library's clients still find their way.
    [[nodiscard]] virtual std::optional<postfix_proto::confinement> confinement() const {
        return std::nullopt;
    }

    /// From now on in the jail, and without privileges (master.cf's chroot and unprivileged). What
    /// `runtime` refers to outlives the service. May throw startup_error.
    virtual void begin(const service_runtime& runtime) { static_cast<void>(runtime); }

    /// The threads of its own; asked for after begin(). They are idle for a moment when the process
    /// forks (see master_service), and when one is stuck the watchdog ends the process. A service
    /// must have no others.
    [[nodiscard]] virtual std::vector<worker_thread*> workers() { return {}; }

    /// One client's conversation, a coroutine of its own. Clients are served at once, in one
    /// process. An exception is logged as a warning and costs this client its connection.
    [[nodiscard]] virtual boost::asio::awaitable<void> serve(client_connection& client) = 0;

    /// No client is left, and the process is about to end.
    virtual void end() {}
};

/// A program that run_service() can run.
struct service_program {
    /// The parameters of main.cf that it wants, besides those that any service needs. What this
    /// Postfix does not know is absent from service_setup::main_cf.
    std::vector<std::string> parameters{};

    /// Parameters of its own, for `-o name=value` in master.cf, and their defaults. postconf(1)
    /// will warn of one that is set as "unused parameter", which does no harm.
    parameter_values own_parameters{};

    /// Makes the service, before chroot and with the privileges that master(8) gave. It may throw
    /// startup_error, which is what the operator will read.
    std::function<std::unique_ptr<service>(const service_setup&)> make;
};

/// Does what a child of master(8) has to do, in Postfix's order (master/single_server.c and
/// multi_server.c, Postfix 3.7): options, main.cf with master.cf's `-o`, the log, $queue_directory,
/// then chroot and privileges; clients on all sockets, or the one on standard input (-S); a
/// watchdog (daemon_timeout). It ends when master does or reloads, after max_idle without a client,
/// when main.cf or a watched file has changed, and after max_use clients where master.cf sets it
/// for this service: at main.cf's 100, a process that serves all clients at once would do little
/// but start. See master_service.
///
/// Returns what main() has to return. Why it cannot go on is in the log, as `fatal`, or as `panic`
/// when it is a mistake of the program; then it sleeps for a second, so that a service that fails
/// at once does not keep the machine busy.
///
///     int main(int argc, char* argv[]) {
///         return postfix_proto::run_service(argc, argv, {.make = make_echo});
///     }
[[nodiscard]] int run_service(int argc, const char* const* argv, const service_program& program);

} // namespace postfix_proto
