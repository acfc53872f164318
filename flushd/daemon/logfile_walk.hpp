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

    struct found {
        logfile_name file;
        bool is_empty;
    };

    /// Finds non-empty logfiles that were last read before `read_before`, and empty ones that were
    /// last written before `written_before`.
    logfile_walk(std::time_t read_before, std::time_t written_before, postfix_proto::logger& log);

    /// Continues for about this long, or until it has found `enough` logfiles. May return none
    /// before the end; see is_done().
    [[nodiscard]] std::vector<found> go_on(clock::duration how_long);
    [[nodiscard]] bool is_done() const noexcept { return walk_.is_done(); }
    /// How many logfiles there were so far.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    static constexpr std::size_t enough = 100;

private:
    void enter(const std::string& path);
    void look_at(const directory_walk::entry& one, std::vector<found>& result);

    std::time_t read_before_;
    std::time_t written_before_;
    postfix_proto::logger& log_;
    std::size_t count_ = 0;
    directory_walk walk_;
};

} // namespace flushd
