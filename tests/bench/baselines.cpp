#include "client.hpp"
#include "modes.hpp"

#include "postfix_proto/queue_path.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>

namespace bench {

using postfix_proto::file_descriptor;

namespace {

volatile std::sig_atomic_t stopped = 0;

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace

/// The least that a server of this protocol can do for an add, without looking at it: one process,
/// blocking, one file that stays open.
void run_baseline_loop(const arguments& options) {
    struct sigaction action {};
    action.sa_handler = [](int) { stopped = 1; };
    ::sigaction(SIGTERM, &action, nullptr);
    const auto path = options.text("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ::unlink(path.c_str());
    const file_descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0 ||
        ::listen(listener.get(), 100) < 0)
        fail("listen on " + path);
    const file_descriptor file(
        ::open(options.text("file").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    if (!file)
        fail("open");
    const double before = cpu_seconds();
    unsigned long served = 0;
    while (stopped == 0) {
        const file_descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client)
            continue;
        char request[4096];
        if (::write(client.get(), announcement.data(), announcement.size()) < 0 ||
            ::read(client.get(), request, sizeof(request)) <= 0)
            continue;
        constexpr std::string_view line = "0123456789A\n";
        if (::write(file.get(), line.data(), line.size()) < 0 ||
            ::write(client.get(), ok_reply.data(), ok_reply.size()) < 0)
            fail("write");
        ++served;
    }
    fmt::print("{{\"served\": {}, \"cpu\": {:.6f}}}\n", served, cpu_seconds() - before);
}

/// The least that moving messages takes: their times and their names, in the logfile's order.
void run_baseline_moves(const arguments& options) {
    std::vector<std::string> ids;
    std::ifstream logfile(options.text("logfile"));
    for (std::string line; std::getline(logfile, line);)
        ids.push_back(line);
    const timespec now{std::time(nullptr), 0};
    const timespec times[2] = {now, now};
    unsigned long moved = 0;
    const double cpu_before = cpu_seconds();
    const auto start = clock::now();
    std::string from, to;
    for (const auto& id : ids) {
        from.assign("deferred/").append(1, id[0]).append("/").append(id);
        to.assign("incoming/").append(id);
        if (::utimensat(AT_FDCWD, from.c_str(), times, 0) == 0 &&
            ::renameat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str()) == 0)
            ++moved;
    }
    fmt::print("{{\"done\": {:.6f}, \"cpu\": {:.6f}, \"moved\": {}}}\n", seconds_since(start),
               cpu_seconds() - cpu_before, moved);
}

} // namespace bench
