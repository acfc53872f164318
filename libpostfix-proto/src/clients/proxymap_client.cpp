#include "postfix_proto/proxymap_client.hpp"

#include "async/connect_now.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <array>
#include <functional>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using clock = std::chrono::steady_clock;
using expected = proxymap_reply::expected;

error_code malformed_reply() {
    return boost::system::errc::make_error_code(boost::system::errc::bad_message);
}

} // namespace

struct proxymap_client::connection {
    explicit connection(asio::io_context& context) : socket(context) {}

    asio::local::stream_protocol::socket socket;
    clock::time_point opened = clock::now();
    clock::time_point last_used = opened;
    reply_decoder lists{proxymap_protocol_name, proxymap_reply::string_limit};
    std::map<std::string, std::uint32_t> table_flags; // of those that were opened, as told last
    std::string input;                                // what has been read beyond the last reply

    /// Whether the server is still there and has said nothing that nobody asked for.
    bool is_quiet() {
        char byte = 0;
        const ssize_t size = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return input.empty() && size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    result write(std::string bytes) {
        error_code error;
        co_await asio::async_write(socket, asio::buffer(bytes),
                                   asio::redirect_error(asio::use_awaitable, error));
        co_return error;
    }

    result read(proxymap_reply& reply) {
        std::array<char, 4096> buffer;
        for (;;) {
            std::string_view rest = input;
            const auto progress = reply.feed(lists, rest);
            input.erase(0, input.size() - rest.size());
            if (progress == proxymap_reply::progress::complete)
                co_return error_code{};
            if (progress == proxymap_reply::progress::malformed)
                co_return malformed_reply();
            error_code error;
            const auto size = co_await socket.async_read_some(
                asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
            if (error)
                co_return error;
            input.append(buffer.data(), size);
        }
    }
};

/// The answer to a question that is under way, for all who ask it.
struct proxymap_client::shared_answer {
    explicit shared_answer(asio::io_context& context)
        : done(context, asio::steady_timer::time_point::max()) {}

    asio::steady_timer done; // cancelled when there is an answer
    std::optional<remote_answer> answer;
};

/// What has to be interrupted when a question's time is up.
struct proxymap_client::time_limit {
    bool is_over = false;
    std::function<void()> interrupt;
};

proxymap_client::proxymap_client(asio::io_context& context, proxymap_settings settings, logger& log)
    : context_(context), settings_(std::move(settings)), log_(log),
      deadlines_(context, settings_.limit),
      slot_freed_(context, asio::steady_timer::time_point::max()), idle_timer_(context),
      no_service_(log), no_answer_(log), crowded_(log) {}

proxymap_client::~proxymap_client() = default;

asio::awaitable<remote_answer> proxymap_client::ask(remote_question question) {
    if (asking_ >= settings_.most_questions) {
        crowded_("service {}: {} questions are without an answer -- the next ones fail",
                 settings_.path, asking_);
        co_return remote_answer{
            lookup_result::failed(fmt::format("too many wait for {}", settings_.path))};
    }
    struct one_more {
        std::size_t& count;
        explicit one_more(std::size_t& number) noexcept : count(number) { ++count; }
        one_more(const one_more&) = delete;
        one_more& operator=(const one_more&) = delete;
        ~one_more() { --count; }
    } const counted(asking_);
    co_return co_await ask_or_share(question);
}

asio::awaitable<remote_answer> proxymap_client::ask_or_share(const remote_question& question) {
    if (const auto found = under_way_.find(question); found != under_way_.end()) {
        const auto shared = found->second;
        error_code ignored;
        while (!shared->answer)
            co_await shared->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return *shared->answer;
    }
    // Whoever waits gets an answer also when making one throws.
    struct publication {
        proxymap_client& client;
        const remote_question& question;
        std::shared_ptr<shared_answer> shared;
        remote_answer answer{lookup_result::failed("out of resources")};

        ~publication() {
            client.under_way_.erase(question);
            shared->answer = std::move(answer);
            shared->done.cancel();
        }
    } mine{*this, question, std::make_shared<shared_answer>(context_)};
    under_way_.emplace(question, mine.shared);
    mine.answer = co_await find_answer(question);
    co_return mine.answer;
}

asio::awaitable<remote_answer> proxymap_client::find_answer(const remote_question& question) {
    // proxymap logs each refusal, and changes its mind with another process only.
    if (const auto found = denied_.find(question.table); found != denied_.end()) {
        if (clock::now() - found->second < settings_.retry_delay)
            co_return remote_answer{proxymap_failure(
                static_cast<std::uint32_t>(proxymap_status::deny), question.table)};
        denied_.erase(found);
    }
    time_limit limit;
    const deadline_list::deadline deadline(deadlines_, [&limit](deadline_list::cause) {
        limit.is_over = true;
        if (limit.interrupt)
            limit.interrupt();
        return true;
    });
    error_code error = asio::error::timed_out;
    for (unsigned failures = 0; !limit.is_over;) {
        while (busy_ >= settings_.most_connections && !limit.is_over)
            co_await wait_for(slot_freed_, limit);
        if (limit.is_over)
            break;
        remote_answer answer;
        bool was_kept = false;
        error = co_await try_once(question, answer, limit, was_kept);
        if (!error)
            co_return answer;
        if (was_kept || limit.is_over) // proxymap has retired in the meantime, which is normal
            continue;
        if (++failures == 2)
            no_service_("service {}: {}", settings_.path, error.message());
        asio::steady_timer pause(context_, settings_.retry_delay);
        co_await wait_for(pause, limit);
    }
    no_answer_("service {}: no answer about table {} within {} s", settings_.path, question.table,
               settings_.limit.count());
    co_return remote_answer{
        lookup_result::failed(fmt::format("no answer from {}", settings_.path))};
}

asio::awaitable<void> proxymap_client::wait_for(asio::steady_timer& timer, time_limit& limit) {
    error_code ignored;
    limit.interrupt = [&timer] { timer.cancel(); };
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    limit.interrupt = nullptr;
}

proxymap_client::result proxymap_client::try_once(const remote_question& question,
                                                  remote_answer& answer, time_limit& limit,
                                                  bool& was_kept) {
    struct slot {
        proxymap_client& client;
        explicit slot(proxymap_client& owner) : client(owner) { ++client.busy_; }
        slot(const slot&) = delete;
        slot& operator=(const slot&) = delete;
        ~slot() {
            --client.busy_;
            client.slot_freed_.cancel();
        }
    } const taken(*this);

    connection_pointer peer = take_idle();
    was_kept = peer != nullptr;
    error_code error;
    if (!peer) {
        peer = std::make_unique<connection>(context_);
        peer->socket.open(asio::local::stream_protocol(), error);
        if (!error)
            peer->socket.non_blocking(true, error);
        if (!error)
            error = connect_now(peer->socket.native_handle(), settings_.path);
        if (error)
            co_return error;
    }
    // Closed, not cancelled: what was written may just have been taken, with the result on its way
    // here, and what would be read then must fail, too.
    limit.interrupt = [&peer] {
        error_code ignored;
        peer->socket.close(ignored);
    };
    error = co_await converse(*peer, question, answer);
    limit.interrupt = nullptr;
    if (!error)
        keep(std::move(peer));
    co_return error;
}

proxymap_client::result proxymap_client::converse(connection& peer, const remote_question& question,
                                                  remote_answer& answer) {
    const auto form = settings_.form;
    auto opened = peer.table_flags.find(question.table);
    if (opened == peer.table_flags.end()) {
        proxymap_reply reply(expected::open, form);
        if (const auto error = co_await peer.write(encode_proxymap_open(question.table, form)))
            co_return error;
        if (const auto error = co_await peer.read(reply))
            co_return error;
        if (reply.status() == static_cast<std::uint32_t>(proxymap_status::deny))
            denied_.insert_or_assign(question.table, clock::now());
        if (reply.status() != static_cast<std::uint32_t>(proxymap_status::ok)) {
            answer = {proxymap_failure(reply.status(), question.table)};
            co_return error_code{};
        }
        opened = peer.table_flags.emplace(question.table, reply.table_flags()).first;
    }
    proxymap_reply reply(expected::lookup, form);
    if (const auto error = co_await peer.write(
            encode_proxymap_lookup(question.table, question.key, form, opened->second)))
        co_return error;
    if (const auto error = co_await peer.read(reply))
        co_return error;
    answer.keys_are_fixed = proxymap_keys_are_fixed(opened->second);
    if (!proxymap_table_is_open(reply.status()))
        peer.table_flags.erase(opened);
    else if (form == proxymap_form::instance_flags)
        opened->second = reply.table_flags();
    if (reply.status() == static_cast<std::uint32_t>(proxymap_status::ok))
        answer.result = lookup_result::found(reply.value());
    else if (reply.status() == static_cast<std::uint32_t>(proxymap_status::no_key))
        answer.result = lookup_result::not_found();
    else
        answer.result = proxymap_failure(reply.status(), question.table);
    co_return error_code{};
}

proxymap_client::connection_pointer proxymap_client::take_idle() {
    while (!idle_.empty()) {
        connection_pointer peer = std::move(idle_.back());
        idle_.pop_back();
        if (peer->is_quiet())
            return peer;
    }
    return nullptr;
}

void proxymap_client::keep(connection_pointer peer) {
    peer->last_used = clock::now();
    if (peer->last_used - peer->opened >= settings_.connection_limit)
        return;
    idle_.push_back(std::move(peer));
    if (!closes_idle_)
        close_idle_later();
}

void proxymap_client::close_idle_later() {
    closes_idle_ = true;
    idle_timer_.expires_at(idle_.front()->last_used + settings_.idle_limit);
    idle_timer_.async_wait([this](const error_code&) {
        while (!idle_.empty() && idle_.front()->last_used + settings_.idle_limit <= clock::now())
            idle_.pop_front();
        closes_idle_ = false;
        if (!idle_.empty())
            close_idle_later();
    });
}

} // namespace postfix_proto
