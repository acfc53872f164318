/// Compares the flush service's answers before and after a change.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/queue_id.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// Asks about some destinations of the deferred queue, and about one that no list names, so that
/// every table is searched. The request is `add`: its reply tells whether a site is eligible, and
/// it moves no mail. (A send would deliver mail, and make the queue manager forget dead
/// destinations.) For each destination, one of its deferred messages is added, as its delivery
/// agent has done and as `flushd rebuild` does, so the logfile stays correct. For the name in no
/// list, the ID is one that no message has; if the name is eligible nevertheless, its logfile is
/// removed.
class service_answers {
public:
    /// The most destinations to ask about, and the most messages of the listing to find them in:
    /// enough to search each table, and a few seconds of work for a long queue.
    static constexpr std::size_t most_destinations = 25;
    static constexpr std::size_t most_messages = 20000;

    /// Finds destinations, and asks about them. Postfix must be running. `where` must outlive this
    /// object.
    explicit service_answers(const instance& where);

    /// Asks again. Throws tool_error if an answer is worse: an eligible site no longer is, or a
    /// site without a failure now has one. A new service gets some seconds before this counts.
    void check_no_worse(std::string_view program_before, std::string_view program_now) const;

    /// The number of sites that were eligible.
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
