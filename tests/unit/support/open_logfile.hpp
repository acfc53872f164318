// A logfile in the spool of a test, and what can happen to it.
#pragma once

#include "catch.hpp"
#include "spool.hpp"

#include "flushd/daemon/logfile.hpp"

#include <sys/resource.h>

#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

inline constexpr const char* logfile_path = "flush/customer_tld";

inline flushd::logfile open_locked(flushd::logfile::missing when_missing,
                                   const std::string& name = logfile_path) {
    auto opened = flushd::logfile::open(name, when_missing);
    if (!opened)
        throw std::system_error(opened.error(), name);
    REQUIRE_FALSE(opened->try_lock());
    return *std::move(opened);
}

/// As an add does.
inline void append(std::string_view id) {
    REQUIRE_FALSE(open_locked(flushd::logfile::missing::is_created).append(std::string(id) + "\n"));
}

/// While it lives, files cannot grow beyond `size` bytes.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t size) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{size, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};
