/// Runs an event-driven service under master(8): accepts clients and decides when to retire.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/client_listener.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace postfix_proto {

class file_watch;
class master_channel;
class watchdog;
class worker_thread;

/// The settings of the service in master.cf and main.cf.
struct master_service_settings {
    unsigned socket_count = 1;              ///< listen sockets, from descriptor 6 on (-s)
    std::chrono::seconds ipc_timeout{3600}; ///< for reading a request, and for each reply
    std::chrono::seconds max_idle{100};     ///< retire after so long without work
    std::optional<std::size_t> max_use;     ///< retire after so many clients, if set
    std::size_t reserved_descriptors = 64;  ///< of the process's limit, not for clients
    bool is_limited = false;                ///< master.cf limits the number of processes
};

/// Serves all clients in one process. When it has accepted the first clients, it reports once to
/// master(8) that it was taken and is available again; only a failure to start then makes master
/// wait a minute before it starts another process. It does not report "taken" while it serves, so
/// master starts no sibling.
///
/// It retires when the status pipe ends (master is gone, or has reloaded), when it was idle for
/// max_idle, after max_use clients, or when a watched file changes; then it accepts no more
/// clients, finishes the work in hand, and run() returns. Clients that connect meanwhile wait in
/// master's listen queue for its successor: when a process has reported "taken", master starts
/// another one for the next client (Postfix's multi_server and event_server do the same, Postfix
/// 3.7).
///
/// After a reload, however, master no longer receives the reports of this process and considers it
/// available until it has ended (master/master_status.c, Postfix 3.5 to 3.12). There is no
/// successor either when master.cf limits the number of processes. In these cases the process
/// forks: the parent ends at once, and the child finishes the work in hand. master does not know
/// the child, but ends it together with its process group. run() returns in the child.
class master_service {
public:
    /// Serves one client.
    using client_handler = client_listener::client_handler;

    /// Everything referred to must outlive the service.
    master_service(boost::asio::io_context& context, const master_service_settings& settings,
                   master_channel& master, logger& log);
    ~master_service();

    /// The work, besides the clients, that must be finished before the process ends.
    [[nodiscard]] work_in_hand& work() noexcept { return work_; }

    /// Retires when one of the files has changed and has not been written for two seconds.
    void retire_on_change(file_watch& files);

    /// Pats the watchdog as long as clients are accepted and the workers make progress.
    void keep_awake(watchdog& dog);

    /// Adds a thread to pause when the process forks. The process must have no other threads.
    void cover(worker_thread& worker) { workers_.push_back(&worker); }

    /// `action` is called when the status pipe ends, before the service retires.
    void on_master_gone(std::function<void()> action) { on_master_gone_ = std::move(action); }

    /// Serves clients until the service has retired.
    void run(client_handler handler);

    /// Serves the one client on standard input and output (-S).
    void run_stdio(client_handler handler);

    /// Accepts no more clients. `why` is logged under -v.
    void retire(std::string_view why);

private:
    boost::asio::awaitable<void> watch_master();
    boost::asio::awaitable<void> watch_idle();
    boost::asio::awaitable<void> pat();
    boost::asio::awaitable<void> hand_over();
    boost::asio::awaitable<void> pause_workers();
    boost::asio::awaitable<void> resume_workers();
    int go_on_in_child();
    void forget_master();
    boost::asio::awaitable<void> watch_files(file_watch& files);
    boost::asio::awaitable<void> watch_inotify(file_watch& files);
    boost::asio::awaitable<void> retire_when_settled(file_watch& files);
    void watch_status_pipe();
    void finish_if_done();
    void say_once_that_it_was_used();

    boost::asio::io_context& context_;
    master_service_settings settings_;
    master_channel& master_;
    logger& log_;
    work_in_hand work_;
    client_listener listener_;
    boost::asio::posix::stream_descriptor status_pipe_;
    boost::asio::posix::stream_descriptor inotify_;
    boost::asio::steady_timer idle_timer_;
    std::chrono::steady_clock::time_point last_work_;
    std::size_t use_count_ = 0;
    std::vector<worker_thread*> workers_;
    std::function<void()> on_master_gone_;
    watchdog* dog_ = nullptr;
    file_watch* files_ = nullptr;
    bool said_that_it_was_used_ = false;
    bool retiring_ = false;
    bool handed_over_ = false; // this is the child
};

} // namespace postfix_proto
