#include "flushd/tool/install/service_answers.hpp"

#include "flushd/core/logfile_name.hpp"
#include "flushd/core/probe.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/showq_client.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

namespace flushd::tool {

using namespace postfix_proto;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{10};
/// Allows for a short failure, such as a database server that is busy just after a reload.
constexpr std::chrono::seconds recovery{5};

/// In a domain that cannot exist (RFC 2606), so only a list that matches everything has it.
constexpr const char* unlisted_site = "flushd-install.invalid";

/// The greater, the better.
int rank(flush_outcome outcome) {
    switch (outcome) {
    case flush_outcome::ok:
        return 2;
    case flush_outcome::deny:
        return 1;
    default:
        return 0;
    }
}

std::string_view words(flush_outcome outcome) {
    switch (outcome) {
    case flush_outcome::ok:
        return "says that it is eligible";
    case flush_outcome::deny:
        return "says that it is not eligible";
    case flush_outcome::fail:
        return "cannot tell";
    default:
        return "does not answer";
    }
}

} // namespace

service_answers::service_answers(const instance& where) : where_(where) {
    questions_.push_back({unlisted_site, *queue_id::parse(probe_queue_id)});
    find_destinations();
    for (auto& about : questions_) {
        about.before = ask(about);
        if (about.before == flush_outcome::timed_out)
            break; // the other requests would time out, too
    }
}

/// If the listing ends early, uses what it has.
void service_answers::find_destinations() {
    blocking_showq_client queue(
        {.path = where_.public_socket(where_.parameters().get("showq_service_name")),
         .silence_limit = patience});
    std::set<std::string> seen;
    for (std::size_t count = 0; count < most_messages && seen.size() < most_destinations; ++count) {
        const auto* message = queue.next();
        if (message == nullptr)
            return;
        if (message->queue_name != queue_name::deferred)
            continue;
        const auto id = message->id;
        while (const auto* recipient = queue.next_recipient()) {
            const auto domain = domain_of(recipient->address);
            // Only mail that a delivery agent has deferred is listed, and that has a reason.
            if (recipient->reason.empty() || recipient->has_bounced() || domain.empty() ||
                seen.size() >= most_destinations)
                continue;
            if (seen.emplace(domain).second)
                questions_.push_back({std::string(domain), id});
        }
    }
}

flush_outcome service_answers::ask(const question& about) const {
    std::string made;
    if (about.site == unlisted_site) {
        const queue_layout layout(
            where_.parameters().get("hash_queue_names"),
            static_cast<unsigned>(where_.parameters().get_int("hash_queue_depth", 1)));
        made = where_.queue_directory() + '/' +
               layout.path(queue_name::flush, logfile_name::from_site(about.site)->name());
    }
    const auto outcome =
        ask_flush(add_request{about.site, about.id},
                  {.path = where_.public_socket(where_.parameters().get("flush_service_name")),
                   .limit = patience})
            .outcome;
    if (!made.empty() && outcome == flush_outcome::ok)
        ::unlink(made.c_str());
    return outcome;
}

void service_answers::check_no_worse(std::string_view program_before,
                                     std::string_view program_now) const {
    const auto deadline = std::chrono::steady_clock::now() + recovery;
    for (const auto& about : questions_) {
        for (;;) {
            const auto now = rank(about.before) > 0 ? ask(about) : about.before;
            if (rank(now) >= rank(about.before))
                break;
            interrupt_guard::check();
            if (std::chrono::steady_clock::now() >= deadline) {
                const auto site = about.site == unlisted_site
                                      ? std::string("a destination that is in no list")
                                      : about.site;
                throw tool_error(fmt::format("asked about {}, {} {}, but {} {}; the mail log says "
                                             "why",
                                             site, program_now, words(now), program_before,
                                             words(about.before)));
            }
            std::this_thread::sleep_for(500ms);
        }
    }
}

std::size_t service_answers::eligible() const {
    return static_cast<std::size_t>(
        std::count_if(questions_.begin() + 1, questions_.end(),
                      [](const auto& about) { return about.before == flush_outcome::ok; }));
}

} // namespace flushd::tool
