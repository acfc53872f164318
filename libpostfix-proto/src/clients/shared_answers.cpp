#include "clients/shared_answers.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postfix_proto {

namespace asio = boost::asio;

struct shared_answers::answer {
    explicit answer(asio::io_context& context)
        : done(context, asio::steady_timer::time_point::max()) {}

    asio::steady_timer done; // cancelled when there is an answer
    std::optional<remote_answer> value;
};

asio::awaitable<std::optional<remote_answer>> shared_answers::wait_for(remote_question question) {
    const auto found = under_way_.find(question);
    if (found == under_way_.end())
        co_return std::nullopt;
    const auto shared = found->second;
    boost::system::error_code ignored;
    while (!shared->value)
        co_await shared->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return shared->value;
}

shared_answers::publication::publication(shared_answers& owner, const remote_question& question)
    : owner_(owner), question_(question), shared_(std::make_shared<answer>(owner.context_)) {
    owner_.under_way_.emplace(question_, shared_);
}

shared_answers::publication::~publication() {
    owner_.under_way_.erase(question_);
    shared_->value = std::move(answer_);
    shared_->done.cancel();
}

} // namespace postfix_proto
