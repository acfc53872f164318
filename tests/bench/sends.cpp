#include "client.hpp"
#include "drain.hpp"
#include "modes.hpp"

#include "postfix_proto/flush_request.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <thread>

namespace bench {

using postfix_proto::file_descriptor;

namespace {

/// Takes triggers as qmgr(8) does and notes when they came. Does nothing about them, so that
/// only the flush service is measured; see drain for what takes messages.
class qmgr_stand_in {
public:
    explicit qmgr_stand_in(const std::string& path)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        ::unlink(path.c_str());
        if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) <
                0 ||
            ::listen(listener_.get(), 100) < 0 || ::chmod(path.c_str(), 0666) < 0)
            fail("listen on " + path);
        thread_ = std::thread([this] { serve(); });
    }
    qmgr_stand_in(const qmgr_stand_in&) = delete;
    qmgr_stand_in& operator=(const qmgr_stand_in&) = delete;
    ~qmgr_stand_in() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }

    [[nodiscard]] std::string triggers() const {
        const std::lock_guard guard(mutex_);
        return triggers_;
    }
    /// Negative when it has not come.
    [[nodiscard]] double first_scan_after(clock::time_point start) const {
        const std::lock_guard guard(mutex_);
        return first_scan_ == clock::time_point()
                   ? -1
                   : std::chrono::duration<double>(first_scan_ - start).count();
    }

private:
    void serve() {
        while (true) {
            const file_descriptor client(
                ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!client)
                return;
            char request[8] = {};
            static_cast<void>(::recv(client.get(), request, sizeof(request), 0));
            const std::lock_guard guard(mutex_);
            if (request[0] == 'I' && first_scan_ == clock::time_point())
                first_scan_ = clock::now();
            triggers_ += request[0];
        }
    }
    file_descriptor listener_;
    mutable std::mutex mutex_;
    std::string triggers_;
    clock::time_point first_scan_;
    std::thread thread_;
};

} // namespace

void run_send(const arguments& options) {
    qmgr_stand_in queue_manager(options.text("qmgr"));
    std::optional<drain> taken;
    if (options.has("drain"))
        taken.emplace(options.text("logfile"), options.number("drain"));
    const auto request = postfix_proto::encode(
        postfix_proto::flush_request(postfix_proto::send_site_request{options.text("site")}));
    // Done when the logfile is empty, or, while adds go on, when the last message has gone.
    const bool by_message = options.has("last-message");
    const auto watched = options.text(by_message ? "last-message" : "logfile");
    const auto is_done = [&] {
        struct stat status {};
        return ::stat(watched.c_str(), &status) < 0 || (!by_message && status.st_size == 0);
    };
    const auto start = clock::now();
    const bool accepted = ask(options.text("socket"), request);
    const double reply = seconds_since(start);
    while (!is_done() && seconds_since(start) < 300)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double done = seconds_since(start);
    double drained = 0;
    if (taken) {
        while (!taken->has_all() && seconds_since(start) < 300)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        drained = seconds_since(start);
    }
    // The last trigger follows.
    for (int i = 0; i < 200 && !queue_manager.triggers().ends_with('I'); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    fmt::print("{{\"ok\": {}, \"reply\": {:.6f}, \"done\": {:.6f}, \"first_scan\": {:.6f}, "
               "\"triggers\": \"{}\", \"drained\": {:.6f}, \"taken\": {}}}\n",
               accepted, reply, done, queue_manager.first_scan_after(start),
               queue_manager.triggers(), drained, taken ? taken->count() : 0);
}

} // namespace bench
