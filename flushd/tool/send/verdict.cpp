#include "flushd/tool/send/verdict.hpp"

#include "flushd/tool/screen/counted.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <sysexits.h>

#include <algorithm>

namespace flushd::tool {

using postfix_proto::printable;

namespace {

constexpr int timeout_status = 124, signal_status = 130, unknown_status = 3;

// What a person is shown.
constexpr std::size_t most_shown = 5;

/// "REASON", or "REASON (HOST)" if the reason does not name the host.
std::string text_of(const counted_reason& one) {
    const bool names_host = one.host.empty() || one.reason.find(one.host) != std::string::npos;
    return printable(names_host ? one.reason : fmt::format("{} ({})", one.reason, one.host));
}

std::string parts_of(const destination_verdict& one) {
    std::string text;
    const auto add = [&](std::size_t count, std::string_view what) {
        if (count > 0)
            text += fmt::format(", {} {}", count, what);
    };
    const auto& counts = one.counts;
    add(counts.delivered, "delivered");
    add(counts.left,
        one.is_from_listing ? "left the queue, delivered or returned" : "left the queue");
    add(counts.bounced, "returned to sender");
    add(counts.deferred, "deferred again");
    if (counts.deferred > 0 && one.reasons.size() == 1)
        text += fmt::format(" ({})", text_of(one.reasons.front()));
    add(counts.held, "on hold");
    add(counts.moving, "still in delivery");
    add(counts.waiting, one.is_down           ? "not tried: destination is down"
                        : one.is_from_listing ? "still deferred, tried or not"
                                              : "not moved");
    return text.empty() ? text : text.substr(2);
}

} // namespace

std::string_view word_of(outcome what) {
    switch (what) {
    case outcome::requested:
        return "requested";
    case outcome::delivered:
        return "delivered";
    case outcome::left:
        return "left-queue";
    case outcome::bounced:
        return "bounced";
    case outcome::deferred:
        return "deferred";
    case outcome::timed_out:
        return "timed-out";
    case outcome::interrupted:
        return "interrupted";
    case outcome::refused:
        return "refused";
    }
    return "";
}

int exit_status_of(outcome what) {
    switch (what) {
    case outcome::requested:
    case outcome::delivered:
        return 0;
    case outcome::left:
        return unknown_status;
    case outcome::bounced:
        return EX_DATAERR;
    case outcome::deferred:
        return EX_TEMPFAIL;
    case outcome::timed_out:
        return timeout_status;
    case outcome::interrupted:
        return signal_status;
    case outcome::refused:
        break;
    }
    return EX_UNAVAILABLE;
}

outcome outcome_of(const message_watch::counts& counts, outcome open) {
    if (!counts.is_done())
        return open;
    if (counts.deferred + counts.held > 0)
        return outcome::deferred;
    return counts.bounced > 0 ? outcome::bounced : outcome::delivered;
}

std::string describe(const destination_verdict& one) {
    if (one.counts.all() == 0)
        return one.result == outcome::refused ? "" : one.name + ": no mail to send\n";
    auto text = fmt::format("{}: of {}, {}\n", one.name, counted(one.counts.all(), "message"),
                            parts_of(one));
    if (one.reasons.size() < 2)
        return text;
    for (std::size_t i = 0; i < std::min(one.reasons.size(), most_shown); ++i)
        text += fmt::format("    {} deferred: {}\n", one.reasons[i].count, text_of(one.reasons[i]));
    return text;
}

std::string summarise(const verdict& all) {
    destination_verdict sum;
    for (const auto& one : all.destinations) {
        sum.counts += one.counts;
        sum.is_down = sum.is_down || one.is_down;
        sum.is_from_listing = sum.is_from_listing || one.is_from_listing;
    }
    const auto name = all.destinations.size() == 1
                          ? all.destinations.front().name
                          : counted(all.destinations.size(), "destination");
    if (sum.counts.all() == 0)
        return fmt::format("{}: {}", name,
                           all.result == outcome::refused ? "refused" : "no mail to send");
    return fmt::format("{}: of {}, {}", name, counted(sum.counts.all(), "message"), parts_of(sum));
}

} // namespace flushd::tool
