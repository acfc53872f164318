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

/// Keeps the descriptors above out of programs that this process starts: a status channel that
/// lives on in one would hide from master(8) that its child has ended. Descriptors that are not
/// open are passed over. Call it before anything is started.
void set_master_descriptors_close_on_exec(int socket_count) noexcept;

/// Closes what master(8) shares with its children only: the status channel and the flow pipe.
void close_master_descriptors() noexcept;

/// The `avail` number of a status message.
enum class availability : int {
    taken = 0,    ///< occupied: master(8) may start another process for the next client
    available = 1 ///< idle, which is what master(8) takes a new process for
};

/// Sends status messages. Does not own the descriptor. SIGPIPE must be ignored by the process, or
/// the end of master(8) ends it, too.
class master_channel {
public:
    /// `generation` is what parse_generation() returns. `pid` is this process's, or master(8) will
    /// not know whom the message is about.
    master_channel(int pid, unsigned generation, int fd = master_status_descriptor) noexcept
        : pid_(pid), generation_(generation), fd_(fd) {}

    /// Sends one message: the native ints pid, generation and `state`. False means that master(8)
    /// is gone, or has not read for a second, and the process should retire: finish the clients in
    /// hand and exit with status 0.
    [[nodiscard]] bool notify(availability state) const noexcept;

    /// Says "taken" and "available", in one write. From then on master(8) takes an abnormal end of
    /// the process for a mishap; before, for a failure to start, after which it starts no other for
    /// a minute (master/master_spawn.c, Postfix 3.7). It may start a sibling for a client that
    /// waits in between, so say it when none does. The result is as notify()'s.
    [[nodiscard]] bool notify_used() const noexcept;

    /// Says nothing any more: for a process that master(8) does not know. The descriptor is free
    /// for others then.
    void forget() noexcept { fd_ = -1; }

    /// Whether master(8) has closed its end, which it does when it ends or reloads. Does not wait.
    /// The way to hear of it is to wait until descriptor() is readable.
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
