/// Compares the flush service's answers before and after a change.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/queue_id.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// Asks for some destinations of the deferred queue, and for one that no list names, which is
/// looked for in all tables. What is asked is `add`: that tells whether a site is eligible, and
/// moves no mail, where a send would deliver it, and have the queue manager forget which
/// destinations are dead. For each destination it is one of its deferred messages that is added,
/// which is what its delivery agent has done before, and what `flushd rebuild` does: nothing is
/// listed that should not be. For the name in no list it is an ID that no message has; should it be
/// eligible all the same, its logfile is removed.
class service_answers {
public:
    /// At most so many destinations, found among so many messages of the listing: enough for each
    /// table to be asked, and a few seconds where the queue is long.
    static constexpr std::size_t most_destinations = 25;
    static constexpr std::size_t most_messages = 20000;

    /// Looks for destinations, and asks. Postfix must run. `where` must outlive it.
    explicit service_answers(const instance& where);

    /// Asks the same again. Throws tool_error that says what has become worse: what was eligible is
    /// not any more, or what could be told cannot. A service gets some seconds to come to itself.
    void check_no_worse(std::string_view program_before, std::string_view program_now) const;

    /// How many sites were eligible, for a person to see.
    [[nodiscard]] std::size_t eligible() const;
    [[nodiscard]] std::size_t asked() const { return questions_.size() - 1; }

private:
    struct question {
        std::string site;
        postfix_proto::queue_id id;
        postfix_proto::flush_outcome before = postfix_proto::flush_outcome::unreachable;
    };

    void find_destinations();
    [[nodiscard]] postfix_proto::flush_outcome ask(const question& about) const;

    const instance& where_;
    std::vector<question> questions_;
};

} // namespace flushd::tool
