#include "flushd/tool/rebuild/rebuild.hpp"

#include "flushd/tool/screen/service_errors.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/run_blocking.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace flushd::tool {

namespace asio = boost::asio;
using postfix_proto::flush_outcome;
using postfix_proto::queue_id;

namespace {

// The most messages that have been read but not added yet: enough to keep all connections busy.
constexpr std::size_t most_jobs = 1024;
// The number of steps between two calls of on_progress.
constexpr std::size_t steps_a_report = 512;

} // namespace

rebuild::rebuild(postfix_proto::flush_client_settings flush,
                 postfix_proto::showq_client_settings showq, std::vector<listed_site> listed,
                 const site_names& names, std::optional<std::set<logfile_name>> wanted,
                 advice commands)
    : flush_(context_, std::move(flush)), queue_(context_, std::move(showq)), names_(names),
      advice_(std::move(commands)), wanted_(std::move(wanted)) {
    for (auto& site : listed) {
        auto& ids = listed_[site.file];
        ids = std::move(site.ids);
        std::sort(ids.begin(), ids.end());
    }
}

void rebuild::run() {
    start(read_queue());
    postfix_proto::run_until_done(context_, wait_until_done());
}

void rebuild::start(asio::awaitable<void> part) {
    ++under_way_;
    asio::co_spawn(context_, std::move(part), [this](const std::exception_ptr& failure) {
        --under_way_;
        if (failure && !failure_)
            failure_ = failure;
        if (!failure_)
            start_adds();
        if (jobs_.size() <= most_jobs / 2)
            room_.cancel();
        if (failure_ || under_way_ == 0)
            done_.cancel();
    });
}

asio::awaitable<void> rebuild::wait_until_done() {
    while (!failure_ && under_way_ > 0)
        co_await wait_for(done_);
    if (failure_)
        std::rethrow_exception(failure_);
}

asio::awaitable<void> rebuild::wait_for(asio::steady_timer& event) {
    event.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await event.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> rebuild::read_queue() {
    while (const auto* message = co_await queue_.next()) {
        if (message->queue_name != postfix_proto::queue_name::deferred)
            continue;
        ++counts_.messages;
        const auto id = message->id; // *message is valid until the next one is read
        std::set<logfile_name> done;
        while (const auto* recipient = co_await queue_.next_recipient()) {
            if (recipient->has_bounced())
                continue;
            auto& to = find_domain(domain_of(recipient->address));
            if (to.file && (!wanted_ || wanted_->contains(*to.file)) &&
                done.insert(*to.file).second)
                enqueue(to, id);
        }
        report_progress();
        while (jobs_.size() >= most_jobs)
            co_await wait_for(room_);
    }
    has_read_queue_ = true;
    if (const auto& failure = queue_.failure())
        throw_failure(*failure, advice_.list);
}

rebuild::domain& rebuild::find_domain(std::string_view name) {
    const auto [found, is_new] = domains_.try_emplace(std::string(name));
    domain& result = found->second;
    if (is_new) {
        result.name = name;
        result.file = names_.logfile_of(name);
        if (result.file)
            if (const auto known = listed_.find(*result.file); known != listed_.end())
                result.listed = &known->second;
    }
    return result;
}

void rebuild::enqueue(domain& to, const queue_id& id) {
    if (to.listed != nullptr && std::binary_search(to.listed->begin(), to.listed->end(), id)) {
        ++counts_.listed;
        return;
    }
    switch (to.is) {
    case domain::state::denied:
        ++counts_.denied;
        return;
    case domain::state::asking:
        to.waiting.push_back(id);
        return;
    case domain::state::unknown:
        to.is = domain::state::asking;
        break;
    case domain::state::eligible:
        break;
    }
    jobs_.emplace_back(&to, id);
    start_adds();
}

void rebuild::start_adds() {
    const std::size_t most = connections + (has_read_queue_ ? 0 : 1); // the reader is one, too
    while (under_way_ < most && !jobs_.empty()) {
        auto [to, id] = std::move(jobs_.front());
        jobs_.pop_front();
        start(add(*to, std::move(id)));
    }
}

asio::awaitable<void> rebuild::add(domain& to, queue_id id) {
    const auto answer = co_await flush_.add(to.name, std::move(id));
    take_answer(to, answer);
    report_progress();
}

void rebuild::take_answer(domain& to, const postfix_proto::flush_result& answer) {
    switch (answer.outcome) {
    case flush_outcome::ok:
        ++counts_.added;
        to.is = domain::state::eligible;
        break;
    case flush_outcome::deny:
        counts_.denied += 1 + std::exchange(to.waiting, {}).size();
        to.is = domain::state::denied;
        return;
    case flush_outcome::unreachable:
        throw tool_error(fmt::format("{}; `{}` starts it", answer.text, advice_.start));
    case flush_outcome::forbidden:
        throw tool_error(not_permitted(advice_.deliver), EX_NOPERM);
    case flush_outcome::out_of_resources:
        throw tool_error(answer.text, EX_OSERR);
    case flush_outcome::fail:
    case flush_outcome::bad:
    case flush_outcome::timed_out:
    case flush_outcome::closed:
    case flush_outcome::malformed:
    case flush_outcome::cancelled:
    case flush_outcome::client_closed:
        if (counts_.failed++ == 0)
            first_failure_ = answer.text;
        if (to.is == domain::state::asking) { // do not retry for each one that waits
            to.is = domain::state::unknown;
            counts_.failed += std::exchange(to.waiting, {}).size();
        }
        return;
    }
    for (auto& id : std::exchange(to.waiting, {}))
        jobs_.emplace_back(&to, std::move(id));
}

void rebuild::report_progress() {
    if (on_progress_ && ++steps_ % steps_a_report == 0)
        on_progress_(counts_);
}

std::set<logfile_name> rebuild::eligible() const {
    std::set<logfile_name> result;
    for (const auto& [name, one] : domains_)
        if (one.file && (one.is == domain::state::eligible ||
                         (one.is == domain::state::unknown && one.listed != nullptr)))
            result.insert(*one.file);
    return result;
}

std::set<logfile_name> rebuild::denied() const {
    std::set<logfile_name> result;
    for (const auto& [name, one] : domains_)
        if (one.file && one.is == domain::state::denied)
            result.insert(*one.file);
    return result;
}

} // namespace flushd::tool
