#include "postfix_proto/proxymap_client.hpp"

#include "clients/idle_connections.hpp"
#include "clients/proxymap_connection.hpp"
#include "clients/service_failures.hpp"
#include "clients/shared_answers.hpp"
#include "postfix_proto/repeated_warning.hpp"
#include "postfix_proto/turns.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

/// Counts one more as long as this object exists.
class counted {
public:
    explicit counted(std::size_t& count) noexcept : count_(count) { ++count_; }
    ~counted() { --count_; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

private:
    std::size_t& count_;
};

/// The result of one attempt to get an answer.
struct attempt {
    result<remote_answer, service_failure> answer;
    bool was_kept = false; // the connection is from an earlier question
};

} // namespace

/// Each question shares it, because a question may end after the client is destroyed.
struct proxymap_client::state {
    state(asio::io_context& loop, proxymap_settings s, logger& log)
        : context(loop), settings(std::move(s)), answers(loop),
          places(loop, settings.most_connections),
          idle(loop, settings.idle_limit, settings.connection_limit), no_service(log),
          no_answer(log), crowded(log) {}

    static asio::awaitable<remote_answer> ask(std::shared_ptr<state> self,
                                              remote_question question);
    asio::awaitable<remote_answer> find_answer(const remote_question& question);
    asio::awaitable<attempt> try_once(const remote_question& question, clock::time_point deadline);
    asio::awaitable<result<remote_answer, service_failure>>
    converse(proxymap_connection& connection, const remote_question& question);
    asio::awaitable<void> pause(clock::time_point deadline);
    bool is_refused(const std::string& table);

    asio::io_context& context;
    proxymap_settings settings;
    shared_answers answers;
    turns places; // one for each connection
    idle_connections idle;
    std::map<std::string, clock::time_point> refused; // when proxymap refused a table
    std::size_t asking = 0;                           // questions that have no answer yet
    repeated_warning no_service, no_answer, crowded;
};

asio::awaitable<remote_answer> proxymap_client::state::ask(std::shared_ptr<state> self,
                                                           remote_question question) {
    const auto& settings = self->settings;
    if (self->asking >= settings.most_questions) {
        self->crowded("service {}: {} requests are unanswered -- further ones fail", settings.path,
                      self->asking);
        co_return remote_answer{
            lookup_result::failed(fmt::format("too many requests wait for {}", settings.path))};
    }
    const counted one_more(self->asking);
    auto shared = co_await self->answers.wait_for(question);
    if (shared)
        co_return *std::move(shared);
    shared_answers::publication mine(self->answers, question);
    auto answer = co_await self->find_answer(question);
    mine.set(answer);
    co_return answer;
}

asio::awaitable<remote_answer>
proxymap_client::state::find_answer(const remote_question& question) {
    if (is_refused(question.table))
        co_return remote_answer{
            proxymap_failure(static_cast<std::uint32_t>(proxymap_status::deny), question.table)};
    const auto deadline = deadline_after(settings.limit);
    for (unsigned failures = 0; clock::now() < deadline;) {
        auto tried = co_await try_once(question, deadline);
        if (tried.answer)
            co_return *std::move(tried.answer);
        if (tried.was_kept || clock::now() >= deadline)
            continue; // normal for a kept connection: that proxymap process has exited
        if (++failures == 2)
            no_service("{}", tried.answer.error().text);
        co_await pause(deadline);
    }
    no_answer("service {}: no answer about table {} within {} s", settings.path, question.table,
              settings.limit.count());
    co_return remote_answer{lookup_result::failed(fmt::format("no answer from {}", settings.path))};
}

/// Whether proxymap has refused the table recently. It logs each refusal, and only a new process
/// reads a changed configuration, so it is not asked again at once.
bool proxymap_client::state::is_refused(const std::string& table) {
    const auto found = refused.find(table);
    if (found == refused.end())
        return false;
    if (clock::now() - found->second < settings.retry_delay)
        return true;
    refused.erase(found);
    return false;
}

asio::awaitable<attempt> proxymap_client::state::try_once(const remote_question& question,
                                                          clock::time_point deadline) {
    const auto place = co_await places.take_before(deadline);
    if (!place)
        co_return attempt{unexpected(no_turn_failure(place.error(), settings.path))};
    auto connection = idle.take();
    const bool was_kept = connection != nullptr;
    if (!was_kept)
        connection = std::make_unique<proxymap_connection>(context, settings.path, settings.form);
    connection->expires_at(deadline);
    if (!was_kept)
        if (auto failure = co_await connection->connect())
            co_return attempt{unexpected(*std::move(failure))};
    auto answer = co_await converse(*connection, question);
    if (answer)
        idle.keep(std::move(connection));
    co_return attempt{std::move(answer), was_kept};
}

asio::awaitable<result<remote_answer, service_failure>>
proxymap_client::state::converse(proxymap_connection& connection, const remote_question& question) {
    auto opened = co_await connection.open(question.table);
    if (!opened)
        co_return unexpected(std::move(opened).error());
    if (*opened == static_cast<std::uint32_t>(proxymap_status::deny))
        refused.insert_or_assign(question.table, clock::now());
    if (*opened != static_cast<std::uint32_t>(proxymap_status::ok))
        co_return remote_answer{proxymap_failure(*opened, question.table)};
    co_return co_await connection.look_up(question);
}

asio::awaitable<void> proxymap_client::state::pause(clock::time_point deadline) {
    asio::steady_timer timer(
        context, std::min<clock::time_point>(clock::now() + settings.retry_delay, deadline));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

proxymap_client::proxymap_client(asio::io_context& context, proxymap_settings settings, logger& log)
    : state_(std::make_shared<state>(context, std::move(settings), log)) {}

proxymap_client::~proxymap_client() = default;

asio::awaitable<remote_answer> proxymap_client::ask(remote_question question) {
    return state::ask(state_, std::move(question));
}

} // namespace postfix_proto
