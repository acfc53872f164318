#include "flushd/core/selection.hpp"

#include <fmt/format.h>

#include <string_view>

namespace flushd {

namespace {

constexpr std::string_view beginning = "SELECTED_";

} // namespace

logfile_name selection_name(std::time_t now, pid_t process, unsigned number) {
    // Valid whatever the numbers are: letters, digits and underscores, and not many.
    return *logfile_name::from_name(
        fmt::format("{}{}_{}_{}", beginning, now < 0 ? 0 : now, process, number));
}

bool is_selection(const logfile_name& file) { return file.name().starts_with(beginning); }

} // namespace flushd
