// A flush service in a process of its own, with descriptors of its own: takes all clients that
// come, and answers them when no other one comes for a while. So it is seen how many come at once.
#pragma once

#include "postfix_proto/flush_request.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

class crowd_service {
public:
    static constexpr std::size_t most_requests = 8192;

    explicit crowd_service(const std::string& path) {
        const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        void* const memory = ::mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
            ::listen(listener, 64) != 0 || memory == MAP_FAILED)
            throw std::runtime_error("bind " + path);
        seen_ = new (memory) shared;
        child_ = ::fork();
        if (child_ == 0) {
            rlimit descriptors{};
            ::getrlimit(RLIMIT_NOFILE, &descriptors);
            descriptors.rlim_cur = descriptors.rlim_max;
            ::setrlimit(RLIMIT_NOFILE, &descriptors);
            serve(listener);
        }
        ::close(listener);
    }
    ~crowd_service() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        ::munmap(seen_, sizeof(shared));
    }
    crowd_service(const crowd_service&) = delete;
    crowd_service& operator=(const crowd_service&) = delete;

    /// Of the clients at once.
    [[nodiscard]] std::size_t most() const { return seen_->most; }
    /// The first digits of the queue IDs, as they came.
    [[nodiscard]] std::vector<int> order() const {
        const std::size_t count = seen_->count;
        return {seen_->order.begin(), seen_->order.begin() + static_cast<std::ptrdiff_t>(count)};
    }

private:
    struct shared {
        std::atomic<std::size_t> most{0};
        std::atomic<std::size_t> count{0};
        std::array<int, most_requests> order{};
    };

    [[noreturn]] void serve(int listener) {
        std::vector<int> clients;
        for (;;) {
            pollfd entry{listener, POLLIN, 0};
            if (::poll(&entry, 1, 5) > 0) {
                const int client = ::accept(listener, nullptr, nullptr);
                if (client >= 0)
                    clients.push_back(client);
                if (clients.size() > seen_->most)
                    seen_->most = clients.size();
                continue;
            }
            for (const int client : clients)
                answer(client);
            clients.clear();
        }
    }

    void answer(int client) {
        std::array<char, 256> buffer{};
        const auto size = ::recv(client, buffer.data(), buffer.size(), 0);
        const std::string_view request(buffer.data(),
                                       size > 0 ? static_cast<std::size_t>(size) : 0);
        const std::string name("queue_id\0", 9);
        if (const auto at = request.find(name); at != std::string_view::npos) {
            const std::size_t index = seen_->count++;
            seen_->order.at(index % most_requests) = std::atoi(request.data() + at + name.size());
        }
        const auto reply =
            postfix_proto::flush_announcement() + encode(postfix_proto::flush_status::ok);
        static_cast<void>(::send(client, reply.data(), reply.size(), MSG_NOSIGNAL));
        ::close(client);
    }

    shared* seen_ = nullptr;
    pid_t child_ = -1;
};

/// So many descriptors and no more, for as long as it exists.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t most) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit now = before_;
        now.rlim_cur = most;
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;

private:
    rlimit before_{};
};
