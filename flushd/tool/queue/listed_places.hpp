/// Finds messages in what postqueue(1) lists, for a user who may not read the queue.
#pragma once

#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/queue/queue_files.hpp"
#include "flushd/tool/queue/waiting_message.hpp"

#include "postfix_proto/queue_id.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace flushd::tool {

/// Two listings, one after the other. They tell neither when a message is due, nor when its file
/// was changed, nor what became of one that is gone.
class listed_places {
public:
    /// Takes another listing. Throws tool_error.
    void read(const instance& postfix);
    /// The same in pieces, for what has the listing already.
    void begin();
    void add(const waiting_message& message);

    /// A message that has left the listing may be on its way from one queue to another while they
    /// are listed: it counts as incoming until it is missing in a second one. `changed` differs
    /// when the reasons for which a deferred message waits do; then `due` lies in the future, as
    /// somebody has tried it meanwhile.
    [[nodiscard]] queue_files::location find(const postfix_proto::queue_id& id) const;
    /// That as a function, which is valid as long as this object.
    [[nodiscard]] std::function<queue_files::location(const postfix_proto::queue_id&)>
    finder() const {
        return [this](const postfix_proto::queue_id& id) { return find(id); };
    }

    /// Why the message was deferred last: of its first recipient in this domain, or else of the
    /// first one. Valid until the next listing.
    struct reason {
        std::string text, host;
    };
    [[nodiscard]] reason reason_of(const postfix_proto::queue_id& id) const;

private:
    struct entry {
        queue_files::place where;
        std::size_t reasons; ///< a hash
        reason first;
    };
    using listing = std::unordered_map<std::string, entry>; // by queue ID
    listing now_, before_;
};

} // namespace flushd::tool
