#include "drain.hpp"

#include "client.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

namespace bench {

namespace {

struct close_directory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

} // namespace

drain::drain(const std::string& logfile, unsigned long messages_per_second) {
    std::ifstream lines(logfile);
    for (std::string line; std::getline(lines, line);)
        listed_.insert(line);
    if (::mkdir("drained", 0700) < 0 && errno != EEXIST)
        fail("mkdir drained");
    thread_ = std::thread([this, messages_per_second] { work(messages_per_second); });
}

drain::~drain() {
    is_ending_ = true;
    thread_.join();
}

/// Moves at most so many, from where the last call has stopped. False at the end of the directory.
bool drain::take_some(DIR* incoming, std::size_t most) {
    while (most > 0) {
        const dirent* const entry = ::readdir(incoming);
        if (entry == nullptr)
            return false;
        const std::string name = entry->d_name;
        if (!listed_.contains(name) ||
            std::rename(("incoming/" + name).c_str(), ("drained/" + name).c_str()) != 0)
            continue;
        ++count_;
        --most;
    }
    return true;
}

/// What it could not take, because there was nothing, it does not make up for.
void drain::work(unsigned long messages_per_second) {
    const std::unique_ptr<DIR, close_directory> incoming(::opendir("incoming"));
    if (!incoming)
        fail("open incoming");
    constexpr auto pause = std::chrono::milliseconds(2);
    double owed = 0;
    auto before = clock::now();
    while (!is_ending_) {
        const auto now = clock::now();
        owed += std::chrono::duration<double>(now - before).count() *
                static_cast<double>(messages_per_second);
        before = now;
        const auto begun_with = count_.load();
        const auto most = static_cast<std::size_t>(owed);
        const bool is_full = take_some(incoming.get(), most);
        owed -= static_cast<double>(count_ - begun_with);
        if (!is_full) {
            owed = std::min(owed, 1.0);
            ::rewinddir(incoming.get());
        }
        std::this_thread::sleep_for(pause);
    }
}

} // namespace bench
