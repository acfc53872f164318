#include "client.hpp"
#include "modes.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

namespace bench {

using postfix_proto::file_descriptor;

/// In the current directory, $queue_directory: `count` empty messages in the deferred queue (or
/// none, with --absent 1), and a logfile that lists each of them `times` times.
void make_queue(const arguments& options) {
    const auto count = options.number("count");
    const auto uid = static_cast<uid_t>(options.number("uid"));
    std::string lines;
    for (unsigned long i = 0; i < count; ++i) {
        const auto id = short_id(i);
        lines += id + '\n';
        const auto directory = fmt::format("deferred/{}", id[0]);
        const auto deferred = directory + '/' + id;
        const auto incoming = "incoming/" + id;
        const auto drained = "drained/" + id;
        if (options.number("absent", 0) != 0) {
            ::unlink(deferred.c_str());
            ::unlink(incoming.c_str());
            ::unlink(drained.c_str());
            continue;
        }
        // Brings back what the run before has moved.
        if (::rename(incoming.c_str(), deferred.c_str()) == 0 ||
            ::rename(drained.c_str(), deferred.c_str()) == 0)
            continue;
        if (::mkdir(directory.c_str(), 0700) == 0)
            static_cast<void>(::lchown(directory.c_str(), uid, static_cast<gid_t>(-1)));
        const file_descriptor file(::open(deferred.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
        if (!file || ::fchown(file.get(), uid, static_cast<gid_t>(-1)) < 0)
            fail("make " + deferred);
    }
    const auto path = options.text("logfile");
    {
        std::ofstream logfile(path, std::ios::trunc);
        for (unsigned long i = 0; i < options.number("times", 1); ++i)
            logfile << lines;
    }
    if (::chmod(path.c_str(), 0600) < 0 || ::chown(path.c_str(), uid, static_cast<gid_t>(-1)) < 0)
        fail("chown " + path);
    ::sync(); // or its write-back would be part of what is measured
    fmt::print("{{\"listed\": {}}}\n", count);
}

/// `count` logfiles in flush/, each with one message that does not exist any more; every `old`-th
/// is due for a refresh.
void make_logfiles(const arguments& options) {
    const auto count = options.number("count");
    const auto old = options.number("old");
    const auto uid = static_cast<uid_t>(options.number("uid"));
    for (unsigned long i = 0; i < count; ++i) {
        const auto path = fmt::format("flush/site{}_bench_tld", i);
        const file_descriptor file(
            ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600));
        const auto line = short_id(i) + '\n';
        const std::time_t accessed = std::time(nullptr) - (i % old == 0 ? 100'000 : 0);
        const timespec times[2] = {{accessed, 0}, {accessed, 0}};
        if (!file || ::fchown(file.get(), uid, static_cast<gid_t>(-1)) < 0 ||
            ::write(file.get(), line.data(), line.size()) < 0 || ::futimens(file.get(), times) < 0)
            fail("make " + path);
    }
    ::sync();
    fmt::print("{{\"logfiles\": {}}}\n", count);
}

} // namespace bench
