// What site_log and log_rewrite do in pieces, as small as they may be, in one go.
#pragma once

#include "flushd/daemon/log_rewrite.hpp"
#include "flushd/daemon/site_log.hpp"

#include <chrono>
#include <string_view>
#include <system_error>

inline std::error_code take_snapshot(flushd::site_log& file, flushd::site_log::snapshot& taken) {
    while (true)
        if (const auto done = file.take_snapshot(taken, std::chrono::seconds(0)))
            return *done;
}

inline std::error_code replace(flushd::site_log& file, const flushd::site_log::snapshot& handled,
                               std::string_view keep) {
    flushd::log_rewrite rewrite(file, handled, keep);
    while (true)
        if (const auto done = rewrite.go_on(std::chrono::seconds(0)))
            return *done;
}
