#include "flushd/tool/queue/waiting_groups.hpp"

#include "flushd/core/address_text.hpp"
#include "flushd/tool/queue/reason_text.hpp"
#include "flushd/tool/queue/site_names.hpp"

#include "postfix_proto/casefold.hpp"
#include "postfix_proto/errors.hpp"

#include <algorithm>
#include <utility>

namespace flushd::tool {

namespace {

constexpr std::size_t longest_reason = 200;

void keep_earlier(std::optional<std::time_t>& kept, std::optional<std::time_t> other) {
    if (other && (!kept || *other < *kept))
        kept = other;
}

std::chrono::seconds lifetime(const postfix_proto::postconf_result& main_cf, const char* name,
                              std::chrono::seconds unknown) {
    try {
        return main_cf.find(name) ? main_cf.get_time(name, 'd', std::chrono::seconds(0)) : unknown;
    } catch (const postfix_proto::startup_error&) {
        return unknown; // Postfix itself says what is wrong with it
    }
}

} // namespace

queue_lifetimes read_queue_lifetimes(const postfix_proto::postconf_result& main_cf) {
    const queue_lifetimes usual;
    return {lifetime(main_cf, "maximal_queue_lifetime", usual.mail),
            lifetime(main_cf, "bounce_queue_lifetime", usual.of_mail_system)};
}

std::optional<std::time_t> return_time(const waiting_message& message,
                                       const queue_lifetimes& lifetimes) {
    if (message.where == queue_files::place::hold)
        return std::nullopt;
    const auto lifetime = message.sender.empty() ? lifetimes.of_mail_system : lifetimes.mail;
    return message.arrival + static_cast<std::time_t>(lifetime.count());
}

bool leading_value::add(std::uint64_t hash) noexcept {
    const auto what = static_cast<std::uint32_t>(hash);
    auto found = std::find_if(counters_.begin(), counters_.end(), [what](const counter& one) {
        return one.count > 0 && one.what == what;
    });
    if (found == counters_.end()) {
        // It takes the place of the rarest one, with its count (Metwally et al., "Space-Saving").
        found = std::min_element(counters_.begin() + 1, counters_.end(),
                                 [](const auto& a, const auto& b) { return a.count < b.count; });
        if (counters_.front().count == 0)
            found = counters_.begin();
        found->what = what;
    }
    ++found->count;
    if (found != counters_.begin() && found->count > counters_.front().count) {
        std::swap(*found, counters_.front());
        found = counters_.begin();
    }
    return found == counters_.begin();
}

void waiting_group::add(const waiting_message& message, const queue_lifetimes& lifetimes) {
    using place = queue_files::place;
    ++messages;
    if (message.where == place::deferred)
        ++deferred;
    else if (message.where == place::hold)
        ++on_hold;
    else
        ++in_delivery;
    bytes += message.size;
    keep_earlier(oldest, message.arrival);
    keep_earlier(next, message.due);
    keep_earlier(returned, return_time(message, lifetimes));
}

void waiting_group::add_reason(const waiting_recipient& recipient, std::string_view normalised) {
    if (recipient.reason.empty() || !reasons_.add(keyed_hash(normalised)))
        return;
    const auto text = first_reason(recipient.reason).substr(0, longest_reason);
    if (text == reason)
        return;
    reason = text;
    relay = recipient.host;
    kind = classify_reason(recipient.status, recipient.reason);
}

void append_lower(std::string_view name, std::string& result) {
    const auto begin = result.size();
    for (const char c : name) {
        if (static_cast<unsigned char>(c) >= 0x80U) {
            result.resize(begin);
            result += postfix_proto::casefold(name, true);
            return;
        }
        result += to_lower(c);
    }
}

std::string_view waiting_groups::name_for(const waiting_message& message,
                                          const waiting_recipient& recipient) {
    name_.clear();
    switch (key_) {
    case group_by::destination:
        append_lower(recipient.domain, name_);
        break;
    case group_by::relay:
        append_lower(recipient.host, name_);
        break;
    case group_by::reason:
        name_ = normalised_;
        break;
    case group_by::reason_class:
        name_ = name_of(classify_reason(recipient.status, recipient.reason));
        break;
    case group_by::transport:
        if (transport_of_)
            name_ = transport_of_(message, recipient);
        break;
    case group_by::sender:
    case group_by::sender_domain:
        if (message.sender.empty())
            name_ = "<>";
        else
            append_lower(key_ == group_by::sender ? message.sender : domain_of(message.sender),
                         name_);
        break;
    }
    return name_.empty() ? no_name : std::string_view(name_);
}

std::string_view waiting_groups::group_of(const waiting_message& message,
                                          const waiting_recipient& recipient) {
    normalised_.clear();
    if (key_ == group_by::reason)
        append_normalised_reason(recipient.reason, normalised_);
    return name_for(message, recipient);
}

void waiting_groups::add_to(std::string_view name, const waiting_message& message,
                            const waiting_recipient* recipient, const is_listed& listed) {
    auto found = groups_.find(name);
    if (found == groups_.end())
        found = groups_.try_emplace(std::string(name)).first;
    auto& group = found->second;
    if (group.last_counted_ != number_) {
        group.last_counted_ = number_;
        group.add(message, lifetimes_);
        if (recipient != nullptr)
            group.add_reason(*recipient, normalised_);
    }
    if (recipient == nullptr || !listed || group.last_listed_ == number_ ||
        !listed(recipient->domain))
        return;
    group.last_listed_ = number_;
    ++group.listed;
    if (total_.last_listed_ != number_) {
        total_.last_listed_ = number_;
        ++total_.listed;
    }
}

void waiting_groups::add(const waiting_message& message, const is_listed& listed) {
    ++number_;
    normalised_.clear();
    normalised_of_ = {};
    total_.add(message, lifetimes_);
    if (message.recipients.empty()) {
        add_to(no_name, message, nullptr, {});
        return;
    }
    bool has_reason = false;
    for (const auto& recipient : message.recipients) {
        // Recipients of one message mostly have the same reason.
        if (recipient.reason != normalised_of_) {
            normalised_.clear();
            append_normalised_reason(recipient.reason, normalised_);
            normalised_of_ = recipient.reason;
        }
        if (!has_reason && !recipient.reason.empty()) {
            total_.add_reason(recipient, normalised_);
            has_reason = true;
        }
        add_to(name_for(message, recipient), message, &recipient, listed);
    }
}

} // namespace flushd::tool
