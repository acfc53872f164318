// Queue files as cleanup(8) writes them, as far as their heads are concerned.
#pragma once

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>
#include <string>

inline std::string queue_record(char type, const std::string& text) {
    std::string length;
    auto rest = text.size();
    do {
        length += static_cast<char>((rest & 0x7fU) | (rest > 0x7fU ? 0x80U : 0));
        rest >>= 7U;
    } while (rest > 0);
    return type + length + text;
}

/// Of so many bytes, that arrived then.
inline std::string queue_file(long size, long arrival) {
    return queue_record('C', fmt::format("{:15} {:15} {:15} {:15} {:15}", size, 600, 1, 0, 0)) +
           queue_record('T', fmt::format("{} 123456", arrival)) +
           queue_record('A', "log_ident=A1") + queue_record('S', "someone@sender.tld") +
           queue_record('R', "user@customer.tld") + queue_record('M', "");
}

inline void set_due(const std::string& path, std::time_t when) {
    const timespec times[2] = {{when, 0}, {when, 0}};
    ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}
