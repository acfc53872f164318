// Lists the queue as JSON, one message a line: what `postqueue -j` prints.
#include <postfix_proto/errors.hpp>
#include <postfix_proto/log.hpp>
#include <postfix_proto/postconf.hpp>
#include <postfix_proto/release_traits.hpp>
#include <postfix_proto/showq_client.hpp>

#include <fmt/format.h>

#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <iterator>

using namespace postfix_proto;

namespace {

void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    for (const char c : printable(text)) {
        if (c == '"' || c == '\\')
            line += '\\';
        line += c;
    }
    line += '"';
}

int list_queue() {
    const auto main_cf =
        read_postconf({.names = {"mail_version", "queue_directory", "showq_service_name"}});
    const auto release = parse_mail_version(main_cf.get("mail_version"));
    const bool shows_classes = release && has_trait(*release, release_trait::recipient_log_class);
    if (::chdir(main_cf.get("queue_directory").c_str()) < 0)
        throw startup_error("chdir: " + errno_text(errno));

    blocking_showq_client queue({.path = "public/" + main_cf.get("showq_service_name")});
    std::string line;
    while (const auto* message = queue.next()) {
        line = R"({"queue_name": )";
        append_quoted(line, message->queue_name);
        fmt::format_to(std::back_inserter(line),
                       R"(, "queue_id": "{}", "arrival_time": {}, "message_size": {}, )"
                       R"("forced_expire": {}, "sender": )",
                       message->id.str(), message->arrival_time, message->size,
                       message->forced_expire);
        append_quoted(line, message->sender);
        line += R"(, "recipients": [)";
        for (bool first = true; const auto* recipient = queue.next_recipient(); first = false) {
            line += first ? "{" : ", {";
            if (shows_classes) {
                line += R"("orig_address": )";
                append_quoted(line, recipient->original_address);
                line += ", ";
            }
            line += R"("address": )";
            append_quoted(line, recipient->address);
            if (!recipient->reason.empty()) {
                line +=
                    recipient->has_bounced() ? R"(, "bounce_reason": )" : R"(, "delay_reason": )";
                append_quoted(line, recipient->reason);
            }
            line += '}';
        }
        line += "]}\n";
        std::fwrite(line.data(), 1, line.size(), stdout);
    }
    if (!queue.failure())
        return std::fflush(stdout) == 0 ? EX_OK : EX_IOERR;
    fmt::print(stderr, "queue_list: fatal: {}\n", queue.failure()->text);
    return EX_UNAVAILABLE;
}

} // namespace

int main() {
    try {
        return list_queue();
    } catch (const startup_error& error) {
        fmt::print(stderr, "queue_list: fatal: {}\n", error.what());
        return EX_CONFIG;
    }
}
