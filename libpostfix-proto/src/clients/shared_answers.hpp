/// Shares one answer among coroutines that ask the same question. Private to the library.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/remote_question.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace postfix_proto {

/// The questions in progress. Must outlive its publications.
class shared_answers {
    struct answer;

public:
    explicit shared_answers(boost::asio::io_context& context) : context_(context) {}

    /// Waits for the answer to a question in progress. Returns nothing if nobody else has asked it.
    [[nodiscard]] boost::asio::awaitable<std::optional<remote_answer>>
    wait_for(remote_question question);

    /// Marks a question as in progress, and publishes the answer when it is destroyed. If an
    /// exception prevents an answer, those that wait get a failure.
    class publication {
    public:
        publication(shared_answers& owner, const remote_question& question);
        ~publication();
        publication(const publication&) = delete;
        publication& operator=(const publication&) = delete;

        void set(remote_answer found) { answer_ = std::move(found); }

    private:
        shared_answers& owner_;
        remote_question question_;
        std::shared_ptr<answer> shared_;
        remote_answer answer_{lookup_result::failed("out of resources")};
    };

private:
    boost::asio::io_context& context_;
    std::map<remote_question, std::shared_ptr<answer>> under_way_;
};

} // namespace postfix_proto
