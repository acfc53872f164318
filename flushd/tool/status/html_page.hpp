/// Formats what waits as a web page, for people without a monitoring system.
#pragma once

#include "flushd/tool/queue/waiting_groups.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// One row of the table. The name and the group's texts are as others have written them.
struct html_row {
    std::string_view name;
    const waiting_group* group = nullptr;
};

/// What a page shows. Everything referred to must outlive the call.
struct html_report {
    std::string_view host;                       ///< whose queue it is
    std::string_view name_title = "Destination"; ///< of the first column
    std::string_view plural = "destinations";
    std::time_t now = 0;                  ///< when the queue was looked at
    std::vector<html_row> rows{};         ///< in the order of the table
    std::size_t left_out = 0;             ///< further rows that are not shown
    const waiting_group* total = nullptr; ///< of all messages
};

/// Returns the whole page: one file with the table and a picture of the age by destination. It
/// needs nothing from elsewhere, has no script, forbids both to the browser, and fits a telephone.
[[nodiscard]] std::string html_page(const html_report& report);

/// Makes any bytes a text of HTML, also in a quoted attribute.
[[nodiscard]] std::string html_text(std::string_view text);

} // namespace flushd::tool
