#include "flushd/daemon/flush_daemon.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/daemon/flush_session.hpp"
#include "flushd/daemon/layout_record.hpp"

#include "postfix_proto/spawn.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace flushd {

namespace asio = boost::asio;
using namespace postfix_proto;

namespace {

// Descriptors other than logfiles: the log, the worker's files, triggers, proxymap.
constexpr std::size_t other_descriptors = 64;

/// Computes how many logfiles may stay open. Clients get most of the descriptors. master(8) passes
/// on the hard limit, which is 1024 in small containers and half a million under systemd.
std::size_t most_open_logfiles() {
    constexpr rlim_t share = 4;      // of few descriptors
    constexpr rlim_t clients = 4096; // of many: more than there are delivery agents
    constexpr rlim_t enough = 16384; // about a thousand bytes each, the kernel's included
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) < 0 || descriptors.rlim_cur == RLIM_INFINITY)
        return enough;
    const rlim_t limit = descriptors.rlim_cur;
    const rlim_t beside_clients = limit > clients ? limit - clients : 0;
    return std::clamp<rlim_t>(std::max(limit / share, beside_clients), 1, enough);
}

flush_parameters read_parameters(const postconf_result& main_cf) {
    auto parameters = read_flush_parameters(main_cf);
    find_missing_table_types(parameters);
    return parameters;
}

} // namespace

service_program flush_daemon::program() {
    auto wanted = flush_parameter_names();
    wanted.emplace_back("data_directory");
    return {std::move(wanted),
            {},
            [](const service_setup& setup) { return std::make_unique<flush_daemon>(setup); },
            "H"};
}

flush_daemon::flush_daemon(const service_setup& setup)
    : parameters_(read_parameters(setup.main_cf)), policy_(parameters_, setup.log),
      most_open_logfiles_(most_open_logfiles()), log_(setup.log),
      others_(etrn_relay_settings::read(setup)) {
    open_own_files(setup);
    keep_layout(setup);
}

/// The service does its work without any of them. `flushd metrics` and `flushd log` report that
/// theirs is missing; a send that waits is forgotten when the process dies.
void flush_daemon::open_own_files(const service_setup& setup) {
    const auto open = [&](auto& file, std::string_view kind, std::string_view without) {
        const auto path =
            data_file_path(setup.main_cf.get("data_directory"), setup.options.service_name, kind);
        if (const auto failure = file.open(path, setup.main_cf.get("mail_owner")))
            log_.debug("{}: open {}: {}", without, path, failure.message());
    };
    open(counts_on_disk_, "counters", "no counters for `flushd metrics`");
    open(history_, "history", "no history for `flushd log`");
    open(unfinished_, "sends", "no record of unfinished sends");
}

void flush_daemon::keep_layout(const service_setup& setup) {
    if (setup.options.stdin_stream) // no master(8) to tell of a reload
        return;
    const auto in_force = configuration_in_force();
    if (!in_force)
        return;
    const auto path =
        data_file_path(setup.main_cf.get("data_directory"), setup.options.service_name, "layout");
    if (const auto failure =
            keep_to_layout(*in_force, path, setup.main_cf.get("mail_owner"), parameters_, log_))
        log_.debug("no record of hash_queue_depth: open {}: {}", path, failure.message());
}

std::vector<std::string> flush_daemon::watched_files() const {
    auto result = policy_.files();
    if (others_ && others_->has_names())
        result.insert(result.end(), {name_service::resolv_conf, name_service::hosts_file});
    return result;
}

std::size_t flush_daemon::descriptors() const {
    return most_open_logfiles_ + other_descriptors + (others_ ? others_->descriptors() : 0);
}

/// Permits the queue, and those of its directories that root may have replaced by a link to another
/// place (which works without chroot).
std::optional<confinement> flush_daemon::confinement() const {
    return postfix_proto::confinement{
        {".", "flush", "incoming", "active", "deferred", "defer", "bounce", "hold", "public"},
        "flushd",
        others_.has_value()};
}

void flush_daemon::begin(const service_runtime& runtime) {
    flush_.emplace(runtime, parameters_, most_open_logfiles_, policy_, counts_, unfinished_,
                   history_);
    if (others_) {
        relay_.emplace(runtime, counts_, *std::exchange(others_, std::nullopt));
        flush_->on_request([this](const std::string& site) { relay_->request(site); });
    }
    counts_.add(counter::starts);
    spawn_loop(
        runtime.context, [this] { return look_and_save(); }, log_, "save counters");
}

std::vector<worker_thread*> flush_daemon::workers() { return {&flush_->worker()}; }

asio::awaitable<void> flush_daemon::serve(client_connection& client) {
    return serve_client(client, *flush_, parameters_.announce_protocol, log_);
}

void flush_daemon::master_has_gone() { flush_->master_has_gone(); }

void flush_daemon::end() {
    flush_->end();
    counts_on_disk_.save(counts_);
    history_.save();
}

/// Runs as long as the process. Counts are lost only if it is killed. The write is one page, to a
/// file that no other process locks for long, so it does not need the worker thread. Of the history
/// there is something to write only if that was not possible at once.
asio::awaitable<void> flush_daemon::look_and_save() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (true) {
        flush_->look_at_records();
        timer.expires_after(std::chrono::seconds(1));
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        counts_on_disk_.save(counts_);
        history_.save();
    }
}

} // namespace flushd
