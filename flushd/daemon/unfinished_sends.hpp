/// Records the sends that wait for their share of the queue manager, so that none is forgotten.
#pragma once

#include "flushd/core/logfile_name.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace flushd {

/// $data_directory/flushd.sends: slots of 512 bytes, each empty or a send that a client was told
/// of and that still has messages to move. The process that carries it out has a lock on the slot,
/// so that what nobody has locked was left behind by a process that was killed or stopped.
///
/// The logfile lists the messages; here is only that they are to be sent. Nothing is written for a
/// send that is done at once.
class unfinished_sends {
public:
    /// Opens or makes the file as the user, if the process is root. Without the file the others
    /// work and remember nothing. Throws startup_error when there is no such user.
    [[nodiscard]] std::error_code open(const std::string& path, const std::string& user);

    /// A record, until it is destroyed by a process that goes on.
    class record {
    public:
        record(record&& other) noexcept;
        record& operator=(record&&) = delete;
        record(const record&) = delete;
        record& operator=(const record&) = delete;
        ~record();

    private:
        friend class unfinished_sends;
        record(unfinished_sends& owner, std::size_t slot) noexcept : owner_(&owner), slot_(slot) {}
        unfinished_sends* owner_;
        std::size_t slot_;
    };

    /// Records a send. `site` is what the log calls it. Nothing if that is not possible.
    [[nodiscard]] std::optional<record> add(const logfile_name& file, const std::string& site);

    struct send {
        logfile_name file;
        std::string site;
        record kept;
    };
    /// What other processes have left behind, each to be sent again. One that has been taken over
    /// several times is not, with a warning: it may be what killed the others.
    [[nodiscard]] std::vector<send> take_over(postfix_proto::logger& log);

private:
    struct entry {
        logfile_name file;
        std::string site;
        unsigned tries = 0; // processes that have begun it
    };
    static std::optional<entry> parse(std::string_view text);
    [[nodiscard]] bool write(std::size_t slot, const entry& written);
    [[nodiscard]] bool lock(std::size_t slot);
    void unlock(std::size_t slot) noexcept;
    void release(std::size_t slot) noexcept;

    postfix_proto::file_descriptor file_;
    std::set<std::size_t> mine_; // slots, as the locks of one process do not keep it out
};

} // namespace flushd
