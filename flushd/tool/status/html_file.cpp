#include "flushd/tool/status/html_file.hpp"

#include "flushd/core/replace_file.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/status/html_page.hpp"

#include <fmt/format.h>

#include <limits.h>
#include <unistd.h>

#include <string_view>

namespace flushd::tool {

namespace {

/// What the rows are, on a page.
struct row_names {
    std::string_view one, several;
};

row_names names_of(group_by by) {
    switch (by) {
    case group_by::destination:
        return {"Destination", "destinations"};
    case group_by::relay:
        return {"Server", "servers"};
    case group_by::reason:
        return {"Reason", "reasons"};
    case group_by::reason_class:
        return {"Kind of reason", "kinds of reason"};
    case group_by::sender:
        return {"Sender", "senders"};
    case group_by::sender_domain:
        return {"Domain of the sender", "domains of senders"};
    case group_by::transport:
        return {"Transport", "transports"};
    }
    return {};
}

/// The machine, and the instance where there are several.
std::string name_of_server(const instance& postfix) {
    char host[HOST_NAME_MAX + 1] = {};
    ::gethostname(host, sizeof host - 1);
    const auto& name = postfix.parameters().get("multi_instance_name");
    return name.empty() ? std::string(host) : fmt::format("{} ({})", host, name);
}

} // namespace

void write_html_file(const std::string& path, const queue_context& queue,
                     const waiting_report& report) {
    const auto host = name_of_server(queue.postfix());
    const auto [one, several] = names_of(report.by);
    html_report page{.host = host, .name_title = one, .plural = several, .now = report.now};
    for (const auto& row : report.rows)
        page.rows.push_back({row.name, &row.group});
    page.left_out = report.left_out;
    page.total = &report.total;
    if (const auto written = replace_file(path, html_page(page), {.mode = 0644}); !written)
        throw tool_error(written.error(), EX_CANTCREAT);
}

} // namespace flushd::tool
