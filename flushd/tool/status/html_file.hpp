/// Writes what waits to a file, as a web page.
#pragma once

#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/waiting_report.hpp"

#include <string>

namespace flushd::tool {

/// Replaces the file atomically; a web server may read it (mode 0644). Throws tool_error if it
/// cannot be written.
void write_html_file(const std::string& path, const queue_context& queue,
                     const waiting_report& report);

} // namespace flushd::tool
