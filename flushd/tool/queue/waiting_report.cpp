#include "flushd/tool/queue/waiting_report.hpp"

#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/named_destinations.hpp"
#include "flushd/tool/queue/reason_text.hpp"
#include "flushd/tool/queue/send_records.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

namespace flushd::tool {

namespace {

constexpr std::size_t longest_text = 200;

std::string cut_off(std::string_view text) { return std::string(text.substr(0, longest_text)); }

listing_index index_logfiles(const queue_context& queue,
                             const std::optional<std::set<logfile_name>>& wanted) {
    const auto listed = read_listed_sites(queue.layout(), wanted);
    std::optional<logfile_times::time> only_flushd_since;
    if (std::any_of(listed.begin(), listed.end(),
                    [](const auto& site) { return is_in_doubt(site.times); }))
        only_flushd_since = queue.only_flushd_since();
    return {listed, only_flushd_since};
}

/// Asks what waits: one survey.
class inquiry {
public:
    inquiry(queue_context& queue, const waiting_question& question)
        : queue_(queue), question_(question), wanted_(question.destinations, queue.names()),
          lifetimes_(read_queue_lifetimes(queue.postfix().parameters())),
          groups_(question.by, lifetimes_) {
        groups_.use_transports(question.transport_of);
    }

    [[nodiscard]] waiting_report run();

private:
    void count(const waiting_message& message);
    void count_wanted(const waiting_message& message);
    [[nodiscard]] bool is_young(const waiting_message& message) const;
    /// The logfile of a domain, by its number; asked once for each domain.
    std::optional<std::size_t> site_of(std::string_view domain);
    void add_rows();
    void add_sites();
    void add_message(const waiting_message& message);
    void cut();

    queue_context& queue_;
    const waiting_question& question_;
    named_destinations wanted_;
    std::optional<std::set<logfile_name>> files_;
    queue_lifetimes lifetimes_;
    waiting_groups groups_;
    listing_index index_;
    std::unordered_map<std::string, std::optional<std::size_t>, waiting_groups::name_hash,
                       std::equal_to<>>
        sites_; // by domain
    std::string domain_;
    std::size_t seen_ = 0;
    bool is_chosen_ = !question_.only.is_empty();
    waiting_report result_;
};

std::optional<std::size_t> inquiry::site_of(std::string_view domain) {
    if (index_.summaries().empty())
        return std::nullopt;
    domain_.clear();
    append_lower(domain, domain_);
    if (const auto known = sites_.find(domain_); known != sites_.end())
        return known->second;
    std::optional<std::size_t> result;
    if (const auto file = queue_.names().logfile_of(domain_))
        result = index_.find(*file);
    if (result)
        queue_.names().add(domain_);
    return sites_.emplace(domain_, result).first->second;
}

bool inquiry::is_young(const waiting_message& message) const {
    return question_.older_than && !question_.destinations.empty() &&
           result_.now - message.arrival <= question_.older_than->count();
}

void inquiry::count(const waiting_message& message) {
    constexpr std::size_t often = 1000;
    if (question_.pause && ++seen_ % often == 0)
        question_.pause();
    index_.count(message);
    if (is_chosen_ && !question_.only.takes(message, result_.now))
        return;
    if (wanted_.means_all() && !question_.only_group && !is_chosen_)
        return count_wanted(message);
    waiting_message part = message;
    std::erase_if(part.recipients, [&](const auto& one) {
        return !wanted_.contains(one.domain) || (is_chosen_ && !question_.only.takes(one)) ||
               (question_.only_group && groups_.group_of(message, one) != *question_.only_group);
    });
    if (!part.recipients.empty())
        count_wanted(part);
}

void inquiry::count_wanted(const waiting_message& message) {
    if (is_young(message))
        return;
    groups_.add(message, [this](std::string_view domain) {
        const auto site = site_of(domain);
        return site && index_.lists(*site);
    });
    if (question_.list_messages)
        add_message(message);
}

void inquiry::add_message(const waiting_message& message) {
    waiting_mail added{.id = message.id,
                       .where = message.where,
                       .arrival = message.arrival,
                       .due = message.due,
                       .returned = return_time(message, lifetimes_),
                       .size = message.size,
                       .sender = cut_off(message.sender),
                       .recipient = {},
                       .recipients = message.recipients.size(),
                       .reason = {},
                       .relay = {}};
    if (!message.recipients.empty())
        added.recipient = cut_off(message.recipients.front().address);
    for (const auto& one : message.recipients) {
        if (one.reason.empty())
            continue;
        added.reason = cut_off(first_reason(one.reason));
        added.relay = cut_off(one.host);
        break;
    }
    result_.messages.push_back(std::move(added));
}

void inquiry::add_rows() {
    for (const auto& [name, group] : groups_.groups()) {
        if (question_.older_than &&
            (!group.oldest || result_.now - *group.oldest <= question_.older_than->count()))
            continue;
        auto& row = result_.rows.emplace_back(waiting_row{name, group, std::nullopt});
        if (question_.by != group_by::destination)
            continue;
        if (const auto site = site_of(name))
            row.site = index_.summaries()[*site];
    }
    if (question_.by != group_by::destination)
        return;
    // Each one that was named has a row, and with `all`, each that has a logfile.
    for (const auto& name : question_.destinations) {
        const named_destinations one({name}, queue_.names());
        if (question_.older_than ||
            std::any_of(result_.rows.begin(), result_.rows.end(),
                        [&](const auto& row) { return one.contains(row.name); }))
            continue;
        auto& row = result_.rows.emplace_back();
        append_lower(name, row.name);
        if (const auto site = site_of(name))
            row.site = index_.summaries()[*site];
    }
    if (!question_.all || !question_.destinations.empty() || question_.older_than)
        return;
    std::set<logfile_name> shown;
    for (const auto& row : result_.rows)
        if (row.site)
            shown.insert(row.site->file);
    for (const auto& site : index_.summaries())
        if (!shown.contains(site.file))
            result_.rows.push_back({queue_.names().display(site.file), {}, site});
}

sort_key key_of(waiting_column column) {
    switch (column) {
    case waiting_column::name:
        return sort_key::site;
    case waiting_column::listed:
        return sort_key::listed;
    case waiting_column::oldest:
        return sort_key::oldest;
    case waiting_column::size:
        return sort_key::size;
    case waiting_column::sent:
        return sort_key::sent;
    default:
        return sort_key::deferred;
    }
}

void inquiry::add_sites() {
    auto missing = files_.value_or(std::set<logfile_name>());
    for (const auto& site : index_.summaries()) {
        missing.erase(site.file);
        if (files_ || question_.all || site.listed > 0)
            result_.sites.push_back(site);
    }
    for (const auto& file : missing)
        result_.sites.emplace_back(file);
    if (question_.older_than)
        keep_older(result_.sites, *question_.older_than, result_.now);
    result_.sites_total = total_of(result_.sites);
    sort_sites(result_.sites, key_of(question_.sort));
}

template <typename Element>
std::size_t cut_to(std::vector<Element>& all, std::size_t most) {
    if (most == 0 || all.size() <= most)
        return 0;
    const auto result = all.size() - most;
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
    return result;
}

std::time_t or_never(const std::optional<std::time_t>& when) {
    return when.value_or(std::numeric_limits<std::time_t>::max());
}

void sort_messages(std::vector<waiting_mail>& messages, waiting_column by) {
    std::stable_sort(messages.begin(), messages.end(), [by](const auto& a, const auto& b) {
        switch (by) {
        case waiting_column::next:
            return or_never(a.due) < or_never(b.due);
        case waiting_column::returned:
            return or_never(a.returned) < or_never(b.returned);
        case waiting_column::size:
            return a.size > b.size;
        case waiting_column::reason:
            return a.reason < b.reason;
        case waiting_column::relay:
            return a.relay < b.relay;
        case waiting_column::name:
            return a.recipient < b.recipient;
        default:
            return a.arrival < b.arrival;
        }
    });
}

waiting_report inquiry::run() {
    result_.now = std::time(nullptr);
    result_.by = question_.by;
    if (!question_.destinations.empty())
        files_ = queue_.logfiles_of(question_.destinations);
    for (const auto& name : question_.destinations)
        queue_.names().add(name);
    result_.knows_listed = may_read_queue();
    if (result_.knows_listed)
        index_ = index_logfiles(queue_, files_);
    result_.survey =
        survey_queue(queue_, [this](const waiting_message& message) { count(message); });
    add_rows();
    if (result_.knows_listed)
        add_sites();
    result_.total = groups_.total();
    sort_rows(result_.rows, question_.sort);
    sort_messages(result_.messages, question_.sort);
    result_.left_out = cut_to(result_.rows, question_.top);
    result_.messages_left_out = cut_to(result_.messages, question_.top);
    result_.sites_left_out = cut_to(result_.sites, question_.top);
    result_.sends = read_send_records(queue_.postfix());
    std::erase_if(result_.sends,
                  [this](const auto& one) { return files_ && !files_->contains(one.what.file); });
    return std::move(result_);
}

/// The value to sort by; greater ones come first.
std::int64_t rank(const waiting_row& row, waiting_column column) {
    constexpr auto last = std::numeric_limits<std::int64_t>::min();
    const auto early_first = [](const std::optional<std::time_t>& when) {
        return when ? -static_cast<std::int64_t>(*when) : last;
    };
    const auto& group = row.group;
    switch (column) {
    case waiting_column::messages:
        return static_cast<std::int64_t>(group.messages);
    case waiting_column::deferred:
        return static_cast<std::int64_t>(group.deferred);
    case waiting_column::oldest:
        return early_first(group.oldest);
    case waiting_column::next:
        return early_first(group.next);
    case waiting_column::returned:
        return early_first(group.returned);
    case waiting_column::size:
        return group.bytes;
    case waiting_column::active:
        return static_cast<std::int64_t>(group.in_delivery);
    case waiting_column::held:
        return static_cast<std::int64_t>(group.on_hold);
    case waiting_column::listed:
        return static_cast<std::int64_t>(group.listed);
    case waiting_column::sent:
        return row.site
                   ? early_first(row.site->sent.at ? row.site->sent.at : row.site->sent.none_since)
                   : last;
    default:
        return 0;
    }
}

const std::string& text_of(const waiting_row& row, waiting_column column) {
    static const std::string none;
    return column == waiting_column::reason  ? row.group.reason
           : column == waiting_column::relay ? row.group.relay
                                             : none;
}

} // namespace

void sort_rows(std::vector<waiting_row>& rows, waiting_column by) {
    std::sort(rows.begin(), rows.end(), [by](const waiting_row& a, const waiting_row& b) {
        const auto left = rank(a, by), right = rank(b, by);
        if (left != right)
            return left > right;
        const auto &first = text_of(a, by), &second = text_of(b, by);
        if (first != second)
            return second.empty() || (!first.empty() && first < second);
        return a.name < b.name;
    });
}

std::string_view title_of(group_by by) {
    switch (by) {
    case group_by::destination:
        break;
    case group_by::relay:
        return "RELAY";
    case group_by::reason:
    case group_by::reason_class:
        return "REASON";
    case group_by::sender:
    case group_by::sender_domain:
        return "SENDER";
    case group_by::transport:
        return "TRANSPORT";
    }
    return "DESTINATION";
}

waiting_report ask_what_waits(queue_context& queue, const waiting_question& question) {
    return inquiry(queue, question).run();
}

} // namespace flushd::tool
