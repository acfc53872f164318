/// Records sends, so that none is forgotten when a process ends.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/core/send_pace.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <ctime>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace flushd {

/// $data_directory/flushd.sends: slots of 512 bytes, each empty or a send that somebody was told of
/// and that still has messages to move. The process that carries it out has a lock on the slot, so
/// that what nobody has locked is to be taken over: it was left behind by a process that was killed
/// or stopped, or an operator has just asked for it.
///
/// The logfile lists the messages; here is only that they are to be sent, and how. Nothing is
/// written for a send that is done at once.
///
/// An operator calls a send off by emptying its slot.
class unfinished_sends {
public:
    /// Opens or makes the file as the user, if the process is root. Without the file the others
    /// work and remember nothing. Throws startup_error when there is no such user.
    [[nodiscard]] std::error_code open(const std::string& path, const std::string& user);

    struct entry {
        logfile_name file;
        std::string site; ///< what the log calls it
        send_pace pace{};
        unsigned tries = 1; ///< processes that have begun it
    };

    /// A record, until it is destroyed by a process that goes on.
    class record {
    public:
        record(record&& other) noexcept;
        record& operator=(record&&) = delete;
        record(const record&) = delete;
        record& operator=(const record&) = delete;
        ~record();

        /// Whether an operator has called the send off.
        [[nodiscard]] bool is_called_off() const;
        /// Notes that the process has got so far: it is not what ends processes.
        void note_progress(const entry& current);

    private:
        friend class unfinished_sends;
        record(unfinished_sends& owner, std::size_t slot) noexcept : owner_(&owner), slot_(slot) {}
        unfinished_sends* owner_;
        std::size_t slot_;
    };

    /// Records a send of this process. Nothing if that is not possible.
    [[nodiscard]] std::optional<record> add(const entry& added);

    struct send {
        entry what;
        record kept;
    };
    /// What nobody has begun, or other processes have left behind, each to be sent now. One that
    /// has been taken over several times is not, with a warning: it may be what killed the others.
    [[nodiscard]] std::vector<send> take_over(postfix_proto::logger& log);

    /// Whether the file may have been written to since the last call, by whomever.
    [[nodiscard]] bool has_changed();

    // For an operator.

    /// Leaves a send for the service to take over. False if that is not possible.
    [[nodiscard]] bool leave(entry left);
    struct listed {
        entry what;
        bool is_under_way = false; ///< the service has taken it
    };
    [[nodiscard]] std::vector<listed> list() const { return list(file_); }
    /// The same for an opening of the file for reading; nothing if there is none.
    [[nodiscard]] static std::vector<listed> list(const postfix_proto::file_descriptor& file);
    /// Whether a send of this logfile is recorded, by whomever.
    [[nodiscard]] bool has(const logfile_name& file) const;
    /// Returns how many sends for this logfile have been called off.
    std::size_t call_off(const logfile_name& file);

private:
    static std::optional<entry> parse(std::string_view text);
    [[nodiscard]] std::optional<std::size_t> fill_empty_slot(const entry& written);
    [[nodiscard]] bool write(std::size_t slot, const entry& written);
    [[nodiscard]] std::string read(std::size_t slot) const;
    void empty(std::size_t slot) noexcept;
    [[nodiscard]] bool lock(std::size_t slot);
    void unlock(std::size_t slot) noexcept;
    void release(std::size_t slot) noexcept;

    postfix_proto::file_descriptor file_;
    std::set<std::size_t> mine_; // slots, as the locks of one process do not keep it out
    timespec changed_{};
};

} // namespace flushd
