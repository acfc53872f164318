#include "client.hpp"
#include "modes.hpp"

#include <fmt/format.h>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <random>
#include <thread>

namespace bench {

using postfix_proto::file_descriptor;

namespace {

volatile std::sig_atomic_t stopped = 0;

/// Stop signals are heeded between requests.
void heed_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { stopped = 1; };
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
}

struct slot {
    file_descriptor connection;
    clock::time_point start;
    std::string received;
    bool asked = false;
};

class load {
public:
    explicit load(const arguments& options)
        : socket_(options.text("socket")), domain_(options.text("domain")),
          sites_(options.number("sites")), requests_(options.number("requests")),
          first_id_(options.number("first-id", 0)), slots_(options.number("clients")),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

    void run() {
        const auto start = clock::now();
        for (std::size_t i = 0; i < slots_.size(); ++i)
            begin(i);
        std::vector<epoll_event> events(slots_.size());
        while (finished_ < begun_) {
            const int ready =
                ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < ready; ++i)
                progress(events[static_cast<std::size_t>(i)].data.u64);
        }
        const double seconds = seconds_since(start);
        fmt::print("{{\"requests\": {}, \"failed\": {}, \"seconds\": {:.6f}, \"per_second\": "
                   "{:.1f}, {}}}\n",
                   finished_, failed_, seconds, static_cast<double>(finished_) / seconds,
                   times_.json());
    }

private:
    void begin(std::size_t i) {
        if (begun_ == requests_ || stopped != 0)
            return;
        slot& s = slots_[i];
        s.start = clock::now();
        while (!(s.connection = connect_to(socket_, true)))
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        ++begun_;
        s.received.clear();
        s.asked = false;
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.u64 = i;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, s.connection.get(), &interest) < 0)
            fail("epoll_ctl");
    }

    void progress(std::size_t i) {
        slot& s = slots_[i];
        char buffer[256];
        const ssize_t n = ::recv(s.connection.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n > 0)
            s.received.append(buffer, static_cast<std::size_t>(n));
        if (n > 0 && !s.asked && s.received.size() >= announcement.size()) {
            const auto number = next_++;
            // Each site once, then in no order: mail for a thousand sites does not come in turns.
            const auto site = number < sites_ ? number : random_() % sites_;
            const auto request =
                add_request(fmt::format("s{}.{}", site, domain_), short_id(first_id_ + number));
            if (::send(s.connection.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0)
                s.asked = true;
        }
        if (n > 0 && s.received.size() < announcement.size() + ok_reply.size())
            return;
        if (s.received != announcement + ok_reply)
            ++failed_;
        s.connection.reset();
        times_.add(clock::now() - s.start);
        ++finished_;
        begin(i);
    }

    std::string socket_, domain_;
    unsigned long sites_, requests_, first_id_;
    std::vector<slot> slots_;
    file_descriptor epoll_;
    unsigned long begun_ = 0, next_ = 0, finished_ = 0, failed_ = 0;
    latencies times_;
    std::minstd_rand random_; // always the same sequence
};

} // namespace

void run_adds(const arguments& options) {
    heed_signals();
    load(options).run();
}

void run_probe(const arguments& options) {
    heed_signals();
    const auto socket = options.text("socket");
    const auto site = options.text("site");
    const auto interval = std::chrono::microseconds(options.number("interval-us"));
    latencies times;
    unsigned long number = options.number("first-id", 900'000'000), failed = 0;
    auto due = clock::now();
    // When it is stopped, those that were due count as well: a client that waited kept them from
    // being sent.
    auto end = clock::time_point::max();
    while (due < end) {
        if (!ask(socket, add_request(site, short_id(number++))))
            ++failed;
        times.add(clock::now() - due);
        due += interval;
        if (stopped != 0)
            end = std::min(end, clock::now());
        else
            std::this_thread::sleep_until(due);
    }
    fmt::print("{{\"failed\": {}, {}}}\n", failed, times.json());
}

} // namespace bench
