// What logfile and log_rewrite do in pieces, as small as they may be, in one go.
#pragma once

#include "flushd/daemon/log_rewrite.hpp"
#include "flushd/daemon/logfile.hpp"

#include <chrono>
#include <string_view>
#include <system_error>

inline std::error_code take_snapshot(flushd::logfile& file, flushd::logfile::snapshot& taken) {
    while (true)
        if (const auto done = file.take_snapshot(taken, std::chrono::seconds(0)))
            return *done;
}

inline std::error_code replace(flushd::logfile& file, const flushd::logfile::snapshot& handled,
                               std::string_view keep) {
    flushd::log_rewrite rewrite(file, handled, keep);
    while (true)
        if (const auto done = rewrite.go_on(std::chrono::seconds(0)))
            return *done;
}
