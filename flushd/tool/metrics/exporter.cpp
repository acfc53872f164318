#include "flushd/tool/metrics/exporter.hpp"

#include "flushd/tool/metrics/http_answer.hpp"
#include "flushd/tool/metrics/http_request.hpp"

#include "postfix_proto/client_connection.hpp"
#include "postfix_proto/stderr_sink.hpp"

#include <boost/asio/signal_set.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

namespace flushd::tool {

namespace asio = boost::asio;
using postfix_proto::client_connection;
using state = http_request_reader::state;

namespace {

// More than the clients and the collection need.
constexpr rlim_t most_descriptors = 1024;

/// The listener lets clients have all descriptors but a reserve. Returns the reserve that leaves
/// them so many.
std::size_t reserve_beyond(std::size_t clients) {
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) < 0)
        return 0;
    if (descriptors.rlim_cur == RLIM_INFINITY || descriptors.rlim_cur > most_descriptors) {
        descriptors.rlim_cur = most_descriptors;
        ::setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    return descriptors.rlim_cur > clients ? descriptors.rlim_cur - clients : 0;
}

} // namespace

exporter::exporter(asio::io_context& context, postfix_proto::file_descriptor socket,
                   std::function<std::string()> collect, const exporter_limits& limits,
                   postfix_proto::logger& log)
    : collection_(context, std::move(collect), limits.times, log),
      listener_(context, limits.request, reserve_beyond(limits.clients), work_, log) {
    listener_.start(socket.release(), 1,
                    [this](client_connection& client) { return serve(client); },
                    {[] {}, [] {}, [] {}});
}

void exporter::stop() {
    listener_.close();
    collection_.stop();
}

asio::awaitable<void> exporter::serve(client_connection& client) {
    http_request_reader request;
    auto read = state::incomplete;
    client.expect_request(); // stop() closes it if it says nothing
    for (std::string bytes; read == state::incomplete; bytes.clear()) {
        if (co_await client.read_some(bytes))
            co_return;
        read = request.feed(bytes);
    }
    std::string answer;
    if (asks_for_metrics(read, request)) {
        const auto metrics = co_await collection_.get();
        if (!metrics)
            answer = no_metrics_answer("not collected in time");
        else if (!metrics->problem.empty())
            answer = no_metrics_answer(metrics->problem);
        else
            answer = metrics_answer(metrics->text);
    } else {
        answer = refusal(read, request);
    }
    static_cast<void>(co_await client.write(answer));
}

void run_exporter(postfix_proto::file_descriptor socket, std::function<std::string()> collect,
                  const std::function<void()>& on_stop) {
    postfix_proto::logger log(std::make_unique<postfix_proto::stderr_sink>("flushd"));
    asio::io_context context(1);
    exporter server(context, std::move(socket), std::move(collect), {}, log);
    asio::signal_set signals(context, SIGTERM, SIGINT, SIGHUP);
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (error)
            return;
        server.stop();
        on_stop();
    });
    context.run();
}

} // namespace flushd::tool
