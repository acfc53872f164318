/// Enumerates the directory of logfiles.
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

/// Finds, piece by piece, the logfiles that something has to be done about.
class logfile_walk {
public:
    using clock = std::chrono::steady_clock;

    struct found {
        logfile_name file;
        bool is_empty;
    };

    /// Logfiles with something in them count when they were read last before `read_before`, empty
    /// ones when they were written last before `written_before`.
    logfile_walk(std::time_t read_before, std::time_t written_before, postfix_proto::logger& log);

    /// Goes on for about so long, or until it has found `enough`. Nothing is found, and
    /// `is_done()`, at the end.
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
