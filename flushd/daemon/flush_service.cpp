#include "flushd/daemon/flush_service.hpp"

#include "flushd/core/probe.hpp"

#include <algorithm>
#include <ctime>
#include <type_traits>
#include <variant>

namespace flushd {

namespace asio = boost::asio;
using postfix_proto::flush_status;

namespace {

flush_status status_of(site_policy::refusal refusal) {
    return refusal == site_policy::refusal::denied ? flush_status::deny : flush_status::fail;
}

// How long a client waits for somebody else than us: for a lock, or for proxymap(8). See
// lock_patience.
constexpr std::chrono::seconds longest_wait{100};

/// How many clients may wait for locks, and how many for proxymap(8). Each keeps a descriptor that
/// others could have, so it is less than a third of what clients may have in all, whatever the
/// process's limit: 192 of 704 where the limit is 1024. (flush_daemon keeps a quarter for logfiles
/// where there are few.)
std::size_t most_waiting_clients(std::size_t most_open_logfiles) {
    return std::min<std::size_t>(most_open_logfiles, 1024) * 3 / 4;
}

postfix_proto::proxymap_settings proxymap_settings(const flush_parameters& parameters,
                                                   std::size_t most_open_logfiles) {
    postfix_proto::proxymap_settings result;
    result.path = parameters.proxymap_socket;
    result.form = parameters.proxymap_form;
    result.limit = std::min(longest_wait, parameters.ipc_timeout);
    result.most_questions = most_waiting_clients(most_open_logfiles);
    return result;
}

lock_patience patience(const flush_parameters& parameters, std::size_t most_open_logfiles) {
    lock_patience result;
    // Who waits for our answer must not lose patience before we do.
    result.longest_wait =
        std::min<std::chrono::milliseconds>(longest_wait, parameters.ipc_timeout / 2);
    result.clients = most_waiting_clients(most_open_logfiles);
    result.clients_of_a_site = result.clients / 2;
    return result;
}

// Which of a request's answers are counted where. Some requests are always answered OK.
struct answer_counters {
    counter ok, fail, deny;
};
answer_counters counters_of(const postfix_proto::add_request&) {
    return {counter::add_ok, counter::add_fail, counter::add_deny};
}
answer_counters counters_of(const postfix_proto::send_site_request&) {
    return {counter::send_site_ok, counter::send_site_fail, counter::send_site_deny};
}
answer_counters counters_of(const postfix_proto::send_file_request&) {
    return {counter::send_file_ok, counter::send_file_ok, counter::send_file_ok};
}
answer_counters counters_of(const postfix_proto::refresh_request&) {
    return {counter::refresh_ok, counter::refresh_ok, counter::refresh_ok};
}
answer_counters counters_of(const postfix_proto::purge_request&) {
    return {counter::purge_ok, counter::purge_ok, counter::purge_ok};
}

/// Whether somebody only wants to know whether the service answers.
bool is_probe(const postfix_proto::flush_request& request) {
    const auto* const file = std::get_if<postfix_proto::send_file_request>(&request);
    return file != nullptr && file->id.str() == probe_queue_id;
}

} // namespace

flush_service::flush_service(const postfix_proto::service_runtime& runtime,
                             const flush_parameters& parameters, std::size_t most_open_logfiles,
                             site_policy& policy, counters& counts, unfinished_sends& unfinished,
                             send_history& history)
    : refresh_time_(parameters.refresh_time), policy_(policy),
      proxymap_(runtime.context, proxymap_settings(parameters, most_open_logfiles), runtime.log),
      layout_(parameters.hash_queue_names, parameters.hash_queue_depth),
      mover_(layout_, runtime.log, parameters.defers_transports),
      queue_manager_(runtime.context, parameters.queue_manager_socket, parameters.trigger_timeout,
                     runtime.work, runtime.log),
      daemon_{runtime, worker_, counts, history},
      store_(daemon_, layout_, most_open_logfiles, patience(parameters, most_open_logfiles)),
      sender_(daemon_, store_, mover_, queue_manager_, unfinished,
              {parameters.most_messages_in_delivery, parameters.most_recipients_in_delivery}),
      recorded_(daemon_, store_, sender_, unfinished),
      housekeeping_(daemon_, store_, sender_, unfinished, parameters.purge_time),
      compactor_(daemon_, store_, sender_) {
    store_.on_growth(
        [this](const logfile_name& site, std::size_t size) { compactor_.grown(site, size); });
}

asio::awaitable<flush_status> flush_service::handle(postfix_proto::flush_request request,
                                                    std::optional<uid_t> user) {
    const auto counters = std::visit([](const auto& one) { return counters_of(one); }, request);
    const bool counted = !is_probe(request);
    const auto answer = co_await std::visit(
        [&](auto&& one) {
            using kind = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<kind, postfix_proto::send_site_request>)
                return handle_one(std::move(one), user);
            else
                return handle_one(std::move(one));
        },
        std::move(request));
    if (counted)
        daemon_.counts.add(answer == flush_status::ok     ? counters.ok
                           : answer == flush_status::deny ? counters.deny
                                                          : counters.fail);
    co_return answer;
}

/// Without a table to ask, the answer is known at once.
asio::awaitable<site_policy::verdict> flush_service::verdict_on(const std::string& site) {
    if (auto known = policy_.resolve_now(site))
        co_return *std::move(known);
    co_return co_await policy_.resolve(site, proxymap_);
}

asio::awaitable<flush_status> flush_service::handle_one(postfix_proto::add_request request) {
    const auto verdict = co_await verdict_on(request.site);
    if (const auto* refusal = std::get_if<site_policy::refusal>(&verdict))
        co_return status_of(*refusal);
    const auto failure = co_await store_.add(std::get<logfile_name>(verdict), request.id);
    co_return failure ? flush_status::fail : flush_status::ok;
}

asio::awaitable<flush_status> flush_service::handle_one(postfix_proto::send_site_request request,
                                                        std::optional<uid_t> user) {
    const auto verdict = co_await verdict_on(request.site);
    if (const auto* refusal = std::get_if<site_policy::refusal>(&verdict))
        co_return status_of(*refusal);
    if (on_request_)
        on_request_(request.site);
    const bool sent = co_await sender_.send(std::get<logfile_name>(verdict), request.site,
                                            send_mode::unthrottle, user);
    co_return sent ? flush_status::ok : flush_status::fail;
}

asio::awaitable<flush_status> flush_service::handle_one(postfix_proto::send_file_request request) {
    // A message that is not there any more has been delivered: OK, as in Postfix.
    const auto result = co_await worker_.run(
        [&] { return mover_.expedite_unthrottled(request.id, std::time(nullptr)); });
    if (is_probe(request))
        co_return flush_status::ok;
    daemon_.counts.add(result == move_result::moved     ? counter::file_moved
                       : result == move_result::missing ? counter::file_missing
                                                        : counter::file_failed);
    if (result == move_result::moved)
        static_cast<void>(co_await queue_manager_.send(postfix_proto::qmgr_request::scan_incoming));
    else // `flushd send` asks for a message that cannot exist when it has recorded a send
        recorded_.look();
    co_return flush_status::ok;
}

asio::awaitable<flush_status> flush_service::handle_one(postfix_proto::refresh_request) {
    housekeeping_.start(refresh_time_);
    co_return flush_status::ok;
}

asio::awaitable<flush_status> flush_service::handle_one(postfix_proto::purge_request) {
    housekeeping_.start(std::chrono::seconds(0));
    co_return flush_status::ok;
}

} // namespace flushd
