/// Exchanges status with master(8), on behalf of one of its child processes.
///
/// Source: master/master_proto.h and master_proto.c, Postfix 3.5 to 3.12.
#pragma once

namespace postfix_proto {

/// Descriptors that master(8) leaves open for a child.
inline constexpr int master_flow_read_descriptor = 3; ///< the flow-control pipe; unused by flush(8)
inline constexpr int master_flow_write_descriptor = 4; ///< its other end
inline constexpr int master_status_descriptor = 5;     ///< status messages; end of file: retire
inline constexpr int first_listen_descriptor = 6;      ///< socket_count listen sockets from here on

/// Prevents programs that this process starts from inheriting the descriptors above: an inherited
/// status channel would hide from master(8) that its child has ended. Descriptors that are not open
/// are skipped. Call it before starting any program.
void set_master_descriptors_close_on_exec(int socket_count) noexcept;

/// Closes the descriptors that only children of master(8) may hold: the status channel and the flow
/// pipe.
void close_master_descriptors() noexcept;

/// The `avail` number of a status message.
enum class availability : int {
    taken = 0,    ///< occupied: master(8) may start another process for the next client
    available = 1 ///< idle; master(8) assumes this of a new process
};

/// Sends status messages. Does not own the descriptor. The process must ignore SIGPIPE; otherwise
/// the end of master(8) ends the process, too.
class master_channel {
public:
    /// `generation` is what parse_generation() returns. `pid` is the ID of this process; master(8)
    /// cannot attribute a message with another one.
    master_channel(int pid, unsigned generation, int fd = master_status_descriptor) noexcept
        : pid_(pid), generation_(generation), fd_(fd) {}

    /// Sends one message: the native ints pid, generation and `state`. False means that master(8)
    /// is gone, or has not read for a second, and the process should retire: finish the clients in
    /// hand and exit with status 0.
    [[nodiscard]] bool notify(availability state) const noexcept;

    /// Reports "taken" and "available", in one write. Before this, master(8) treats an abnormal end
    /// of the process as a failure to start, and starts no other for a minute
    /// (master/master_spawn.c, Postfix 3.7); afterwards it does not. It may start a sibling for a
    /// client that waits in between, so call this when no client waits. The result is as for
    /// notify().
    [[nodiscard]] bool notify_used() const noexcept;

    /// Stops reporting, for a process that master(8) does not know. The descriptor may then be
    /// reused.
    void forget() noexcept { fd_ = -1; }

    /// Whether master(8) has closed its end, which it does when it ends or reloads. Does not wait.
    /// To be notified, wait until descriptor() is readable.
    [[nodiscard]] bool master_gone() const noexcept;

    /// The one it was made with, or -1.
    [[nodiscard]] int descriptor() const noexcept { return fd_; }

private:
    struct message;
    [[nodiscard]] message make(availability state) const noexcept;
    [[nodiscard]] bool send(const message* messages, int count) const noexcept;

    int pid_;
    unsigned generation_;
    int fd_;
};

} // namespace postfix_proto
