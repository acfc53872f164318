#include "tables/database_file.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>

namespace postfix_proto {

namespace {

using std::chrono::steady_clock;

/// A source file that is newer than its database is normal while it is being edited; Postfix is
/// silent about one that changed less than this many seconds ago.
constexpr std::time_t source_grace = 100;

/// The time limit for reading, without the wait for a lock. A million entries take a second.
constexpr auto reading_limit = std::chrono::seconds(30);

// The child sends for each entry the two lengths, then the key and the value. In the last entry,
// the length of the key is this number, and the value is the error text.
constexpr std::uint32_t end_mark = UINT32_MAX;
struct entry_header {
    std::uint32_t key_size;
    std::uint32_t value_size;
};

/// The child's end of the pipe.
class entry_writer {
public:
    explicit entry_writer(int fd) : fd_(fd) {}

    void entry(std::string_view key, std::string_view value) {
        if (key.size() >= end_mark || value.size() > UINT32_MAX)
            return;
        append(static_cast<std::uint32_t>(key.size()), key, value);
    }
    void end(std::string_view reason) {
        append(end_mark, {}, reason);
        flush();
    }

private:
    void append(std::uint32_t key_size, std::string_view key, std::string_view value) {
        const entry_header header{key_size, static_cast<std::uint32_t>(value.size())};
        buffer_.append(reinterpret_cast<const char*>(&header), sizeof(header));
        buffer_.append(key).append(value);
        if (buffer_.size() >= 65536)
            flush();
    }
    void flush() {
        if (write_all(fd_, buffer_))
            ::_exit(1); // the parent has given up
        buffer_.clear();
    }

    int fd_;
    std::string buffer_;
};

/// The parent's end of the pipe: parses entries as their bytes arrive.
class entry_parser {
public:
    explicit entry_parser(database_table& table) : table_(table) {}

    void feed(const char* bytes, std::size_t size) {
        buffer_.append(bytes, size);
        std::string_view rest = buffer_;
        entry_header header{};
        while (!reason_ && rest.size() >= sizeof(header)) {
            std::memcpy(&header, rest.data(), sizeof(header));
            const std::size_t key_size = header.key_size == end_mark ? 0 : header.key_size;
            if (rest.size() - sizeof(header) < key_size + header.value_size)
                break;
            rest.remove_prefix(sizeof(header));
            if (header.key_size == end_mark)
                reason_ = std::string(rest.substr(0, header.value_size));
            else
                table_.insert(rest.substr(0, key_size), rest.substr(key_size, header.value_size));
            rest.remove_prefix(key_size + header.value_size);
        }
        buffer_.erase(0, buffer_.size() - rest.size());
    }
    /// The text of the child's last entry, if that has arrived.
    [[nodiscard]] const std::optional<std::string>& reason() const { return reason_; }

private:
    database_table& table_;
    std::string buffer_;
    std::optional<std::string> reason_;
};

/// Feeds the parser until the end of the pipe. Returns 0, ETIMEDOUT, or the errno value of the
/// read.
int read_entries(int fd, entry_parser& parser, steady_clock::time_point deadline) {
    std::array<char, 65536> buffer;
    for (;;) {
        const auto remaining =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
        pollfd entry{fd, POLLIN, 0};
        const int ready =
            ::poll(&entry, 1, static_cast<int>(std::clamp<long>(remaining.count(), 0, 1 << 20)));
        if (ready == 0 && remaining.count() <= 0)
            return ETIMEDOUT;
        if (ready <= 0) {
            if (ready < 0 && errno != EINTR)
                return errno;
            continue;
        }
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count == 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return errno;
        if (count > 0)
            parser.feed(buffer.data(), static_cast<std::size_t>(count));
    }
}

[[noreturn]] void run_child(int fd, const database_reader& read) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGPIPE, SIG_IGN);
    for (const int crash : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) // a sanitizer has its own
        std::signal(crash, SIG_DFL);
    entry_writer out(fd);
    try {
        const auto done =
            read([&](std::string_view key, std::string_view value) { out.entry(key, value); });
        out.end(done ? std::string_view() : std::string_view(done.error()));
    } catch (...) {
        out.end("out of memory");
    }
    ::_exit(0);
}

/// Reads into the table. The error is the reason, for a log line.
result<void, std::string> read_through_child(database_table& table, const open_options& options,
                                             const database_reader& read) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return unexpected("pipe: " + errno_text(errno));
    const file_descriptor input(ends[0]);
    file_descriptor output(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return unexpected("fork: " + errno_text(errno));
    if (child == 0)
        run_child(output.get(), read);
    output.reset();

    entry_parser parser(table);
    const int error =
        read_entries(input.get(), parser, steady_clock::now() + options.patience + reading_limit);
    if (error != 0)
        ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (error != 0)
        return unexpected(errno_text(error));
    if (parser.reason() && parser.reason()->empty())
        return {};
    if (parser.reason())
        return unexpected(*parser.reason());
    if (WIFSIGNALED(status))
        return unexpected(fmt::format("damaged: reading it ended with signal {} ({})",
                                      WTERMSIG(status), ::strsignal(WTERMSIG(status))));
    return unexpected("reading it ended too early");
}

} // namespace

void database_table::insert(std::string_view key, std::string_view value) {
    entries_.try_emplace(std::string(key), value.substr(0, value.find('\0')));
}

lookup_result database_table::find(std::string_view key) {
    std::string text(key);
    if (nul_ != trailing_nul::no) {
        text += '\0';
        if (const auto entry = entries_.find(text); entry != entries_.end()) {
            nul_ = trailing_nul::yes;
            return lookup_result::found(entry->second);
        }
        text.pop_back();
    }
    if (nul_ != trailing_nul::yes) {
        if (const auto entry = entries_.find(text); entry != entries_.end()) {
            nul_ = trailing_nul::no;
            return lookup_result::found(entry->second);
        }
    }
    return lookup_result::not_found();
}

result<database_file, std::string> open_database_file(const std::string& path) {
    database_file file;
    // O_NONBLOCK: a FIFO of that name must not hold up the start.
    file.descriptor = open_file(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (!file.descriptor || ::fstat(file.descriptor.get(), &file.info) != 0)
        return unexpected(errno_text(errno));
    if (S_ISDIR(file.info.st_mode))
        return unexpected(errno_text(EISDIR));
    if (!S_ISREG(file.info.st_mode))
        return unexpected("not a regular file");
    return file;
}

opened_table read_database(std::string_view type, std::string_view name, const std::string& path,
                           const struct stat& info, const open_options& options, logger& log,
                           const database_reader& read) {
    auto table = std::make_unique<database_table>(type, name, path);
    const auto done = read_through_child(*table, options, read);
    if (!done)
        return refuse_database(path, done.error());
    const std::string source(name);
    struct stat source_info {};
    if (::stat(source.c_str(), &source_info) == 0 && source_info.st_mtime > info.st_mtime &&
        source_info.st_mtime < std::time(nullptr) - source_grace)
        log.warning("database {} is older than source file {}", path, source);
    return table;
}

unexpected<table_failure> refuse_database(const std::string& path, std::string_view why) {
    return unexpected(table_failure{fmt::format("open database {}: {}", path, why), {path}});
}

} // namespace postfix_proto
