#include "flushd/tool/queue/listed_places.hpp"

#include "flushd/tool/queue/postqueue_listing.hpp"

#include <functional>
#include <limits>
#include <utility>

namespace flushd::tool {

using postfix_proto::queue_id;
using place = queue_files::place;

void listed_places::read(const instance& postfix) {
    begin();
    static_cast<void>(
        list_with_postqueue(postfix, [this](const waiting_message& message) { add(message); }));
}

void listed_places::begin() { before_ = std::exchange(now_, {}); }

void listed_places::add(const waiting_message& message) {
    entry added{message.where, 0, {}};
    std::string all;
    for (const auto& one : message.recipients) {
        // One that has been delivered to is not listed any more.
        all.append(one.address).append("\n").append(one.reason).append("\n");
        if (added.first.text.empty())
            added.first = {std::string(one.reason), std::string(one.host)};
    }
    added.reasons = std::hash<std::string>()(all);
    // One that is deferred meanwhile may be listed twice: the deferred queue comes after the active
    // one.
    now_[message.id.str()] = std::move(added);
}

queue_files::location listed_places::find(const queue_id& id) const {
    const auto found = now_.find(id.str());
    if (found == now_.end())
        return {before_.contains(id.str()) ? place::incoming : place::nowhere, {}, {}};
    queue_files::location result;
    result.where = found->second.where;
    if (result.where == place::deferred) {
        result.due.tv_sec = std::numeric_limits<std::time_t>::max();
        result.changed.tv_sec = static_cast<std::time_t>(found->second.reasons >> 1U);
    }
    return result;
}

listed_places::reason listed_places::reason_of(const queue_id& id) const {
    const auto found = now_.find(id.str());
    return found != now_.end() ? found->second.first : reason();
}

} // namespace flushd::tool
