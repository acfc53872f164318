/// Finds the logfiles that are due for housekeeping.
#pragma once

#include "flushd/core/directory_walk.hpp"
#include "flushd/core/logfile_name.hpp"

#include "postfix_proto/log.hpp"

#include <chrono>
#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace flushd {

/// Walks through the directory of logfiles, in pieces.
class logfile_walk {
public:
    using clock = std::chrono::steady_clock;

    enum class kind { listing, empty, selection };
    struct found {
        logfile_name file;
        kind what;
    };
    /// Due is what is older than these.
    struct times {
        std::time_t read;    ///< logfiles that list something, by when they were last read
        std::time_t written; ///< empty ones, by when they were last written
        std::time_t chosen;  ///< selections, by when they were written or their send began
    };

    /// Finds the logfiles that are due.
    logfile_walk(const times& before, postfix_proto::logger& log);

    /// Continues for about this long, or until it has found `enough` logfiles. May return none
    /// before the end; see is_done().
    [[nodiscard]] std::vector<found> go_on(clock::duration how_long);
    [[nodiscard]] bool is_done() const noexcept { return walk_.is_done(); }
    /// How many logfiles of sites there were so far.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    static constexpr std::size_t enough = 100;

private:
    void enter(const std::string& path);
    void look_at(const directory_walk::entry& one, std::vector<found>& result);

    times before_;
    postfix_proto::logger& log_;
    std::size_t count_ = 0;
    directory_walk walk_;
};

} // namespace flushd
