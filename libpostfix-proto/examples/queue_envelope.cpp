// Prints the envelopes of queue files, and why their mail waits: queue_envelope ID..., as root or
// mail_owner. Works while Postfix is stopped.
#include <postfix_proto/bounce_log.hpp>
#include <postfix_proto/errors.hpp>
#include <postfix_proto/file_io.hpp>
#include <postfix_proto/log.hpp>
#include <postfix_proto/postconf.hpp>
#include <postfix_proto/queue_file.hpp>
#include <postfix_proto/queue_path.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>

using namespace postfix_proto;

namespace {

file_descriptor open_in(const queue_layout& layout, std::string_view queue, const queue_id& id) {
    return open_file(layout.path(queue, id), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

void print_reasons(const file_descriptor& log) {
    constexpr std::size_t longest = 1 << 20;
    const auto text = log ? read_to_end(log.get(), longest) : result<std::string>("");
    if (!text)
        return;
    for (std::string_view rest = *text; const auto entry = take_bounce_log_entry(rest);)
        fmt::print("reason: {} {} {} {}\n", entry->offset, printable(entry->recipient),
                   entry->status, printable(entry->reason));
}

bool print_envelope(const queue_layout& layout, const queue_id& id, queue_file_reader& reader) {
    for (const auto queue :
         {queue_name::deferred, queue_name::hold, queue_name::active, queue_name::incoming}) {
        const auto file = open_in(layout, queue, id);
        if (!file)
            continue;
        queue_file_envelope envelope;
        if (const auto failure = reader.read(file.get(), envelope)) {
            fmt::print(stderr, "queue_envelope: {}: {}\n", id.str(), failure.message());
            return false;
        }
        fmt::print("{} {} {} {}\n", queue, id.str(), envelope.size, envelope.arrival_time);
        fmt::print("sender: {}\n", printable(envelope.sender));
        if (!envelope.content_filter.empty())
            fmt::print("content_filter: {}\n", printable(envelope.content_filter));
        for (const auto& recipient : envelope.recipients) {
            if (!recipient.original.empty())
                fmt::print("original_recipient: {}\n", printable(recipient.original));
            fmt::print("recipient: {} {}\n", recipient.offset, printable(recipient.address));
        }
        print_reasons(open_in(layout, "defer", id));
        return true;
    }
    fmt::print(stderr, "queue_envelope: {}: no such message\n", id.str());
    return false;
}

int print_envelopes(int count, char** ids) {
    const auto main_cf =
        read_postconf({.names = {"queue_directory", "hash_queue_names", "hash_queue_depth"}});
    if (::chdir(main_cf.get("queue_directory").c_str()) < 0)
        throw startup_error("chdir: " + errno_text(errno));
    const queue_layout layout(main_cf.get("hash_queue_names"),
                              static_cast<unsigned>(main_cf.get_int("hash_queue_depth", 1)));
    queue_file_reader reader;
    bool found_all = true;
    for (int i = 0; i < count; ++i) {
        const auto id = queue_id::parse(ids[i]);
        if (!id)
            throw startup_error(fmt::format("not a queue ID: {}", ids[i]));
        found_all = print_envelope(layout, *id, reader) && found_all;
    }
    return found_all ? EX_OK : EX_UNAVAILABLE;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return print_envelopes(argc - 1, argv + 1);
    } catch (const startup_error& error) {
        fmt::print(stderr, "queue_envelope: fatal: {}\n", error.what());
        return EX_CONFIG;
    }
}
