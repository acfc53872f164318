#include "flushd/tool/send/chosen_mail.hpp"

#include "flushd/core/address_text.hpp"
#include "flushd/tool/queue/queue_survey.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace flushd::tool {

using postfix_proto::queue_id;

std::size_t chosen_mail::number_of(const std::string& domain) {
    const auto [found, is_new] = numbers_.try_emplace(domain, destinations_.size());
    if (is_new)
        destinations_.push_back({.domain = domain});
    return found->second;
}

void chosen_mail::look_at(const waiting_message& queued, std::time_t now) {
    using place = queue_files::place;
    if (!selection_.takes(queued, now))
        return;
    if (queued.where != place::deferred && queued.where != place::hold) {
        moving_.push_back(queued.id);
        return;
    }
    std::vector<std::size_t> its;
    for (const auto& one : queued.recipients) {
        if (!selection_.takes(one))
            continue;
        const auto number = number_of(lower_case(one.domain));
        if (std::find(its.begin(), its.end(), number) == its.end())
            its.push_back(number);
    }
    if (its.empty())
        its.push_back(number_of(""));
    const bool is_held = queued.where == place::hold;
    for (const auto number : its) {
        auto& counted = destinations_[number];
        ++(is_held ? counted.held : counted.deferred);
        counted.oldest = std::min(counted.oldest.value_or(queued.arrival), queued.arrival);
    }
    (is_held ? held_ : deferred_).push_back({queued.id, queued.arrival, its.front()});
}

std::vector<queue_id> chosen_mail::held_ids() const {
    std::vector<queue_id> result;
    for (const auto& one : held_)
        result.push_back(one.id);
    return result;
}

std::vector<queue_id> chosen_mail::release() {
    auto result = held_ids();
    std::move(held_.begin(), held_.end(), std::back_inserter(deferred_));
    held_.clear();
    for (auto& one : destinations_)
        one.deferred += std::exchange(one.held, 0);
    return result;
}

std::vector<queue_id> chosen_mail::in_turn() const {
    std::vector<std::vector<const message*>> by_destination(destinations_.size());
    for (const auto& one : deferred_)
        by_destination[one.destination].push_back(&one);
    std::size_t rounds = 0;
    for (auto& all : by_destination) {
        std::stable_sort(all.begin(), all.end(),
                         [](const auto* a, const auto* b) { return a->arrival < b->arrival; });
        rounds = std::max(rounds, all.size());
    }
    std::vector<queue_id> result;
    result.reserve(deferred_.size());
    for (std::size_t round = 0; round < rounds; ++round) {
        std::erase_if(by_destination, [&](const auto& all) { return all.size() <= round; });
        for (const auto& all : by_destination)
            result.push_back(all[round]->id);
    }
    return result;
}

std::vector<chosen_mail::destination> chosen_mail::destinations() const {
    auto result = destinations_;
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
        return std::pair(b.deferred + b.held, a.domain) < std::pair(a.deferred + a.held, b.domain);
    });
    return result;
}

std::optional<std::time_t> chosen_mail::oldest() const {
    std::optional<std::time_t> result;
    for (const auto& one : destinations_)
        if (one.oldest && (!result || *one.oldest < *result))
            result = one.oldest;
    return result;
}

std::vector<chosen_mail> choose_mail(const queue_context& queue,
                                     const std::vector<const mail_selection*>& selections) {
    std::vector<chosen_mail> result;
    result.reserve(selections.size());
    for (const auto* const one : selections)
        result.emplace_back(*one);
    const auto now = std::time(nullptr);
    survey_queue(queue, [&](const waiting_message& message) {
        for (auto& one : result)
            one.look_at(message, now);
    });
    return result;
}

} // namespace flushd::tool
