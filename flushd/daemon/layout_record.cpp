#include "flushd/daemon/layout_record.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/core/words.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace flushd {

namespace {

// hash_queue_names has names of ten queues at most.
constexpr std::size_t longest_record = 4096;

struct record {
    std::string in_force;
    unsigned hash_queue_depth = 1;
    bool defers_transports = false;
    std::string hash_queue_names;
};

/// One line for each value; the last one shows that the record is complete.
std::string format(const record& written) {
    auto names = written.hash_queue_names;
    std::replace(names.begin(), names.end(), '\n', ' ');
    return fmt::format("{}\n{}\n{}\n{}\nend\n", written.in_force, written.hash_queue_depth,
                       written.defers_transports ? "yes" : "no", names);
}

std::optional<record> parse(std::string_view text) {
    std::array<std::string_view, 5> lines;
    for (auto& line : lines) {
        if (text.find('\n') == std::string_view::npos)
            return std::nullopt;
        line = postfix_proto::take_line(text);
    }
    record result;
    const auto depth = whole_number<unsigned>(lines[1]);
    if (!depth || lines[4] != "end")
        return std::nullopt;
    result.hash_queue_depth = *depth;
    result.in_force = lines[0];
    result.defers_transports = lines[2] == "yes";
    result.hash_queue_names = lines[3];
    return result;
}

std::optional<record> read_record(int fd) {
    std::string text;
    if (postfix_proto::read_at(fd, 0, longest_record, text))
        return std::nullopt;
    return parse(text);
}

std::error_code write_record(int fd, const record& written) {
    const auto text = format(written);
    if (const auto failure = postfix_proto::write_at(fd, 0, text))
        return failure;
    return postfix_proto::truncate(fd, static_cast<off_t>(text.size()));
}

} // namespace

std::optional<std::string> configuration_in_force(int status_descriptor) {
    struct stat pipe {};
    if (::fstat(status_descriptor, &pipe) < 0 ||
        (!S_ISFIFO(pipe.st_mode) && !S_ISSOCK(pipe.st_mode)))
        return std::nullopt;
    struct stat pid_file {};
    if (::stat("pid/master.pid", &pid_file) < 0)
        return std::nullopt;
    return fmt::format("{} {}.{:09} {}", ::getppid(), pid_file.st_mtim.tv_sec,
                       pid_file.st_mtim.tv_nsec, pipe.st_ino);
}

std::error_code keep_to_layout(const std::string& in_force, const std::string& path,
                               const std::string& user, flush_parameters& parameters,
                               postfix_proto::logger& log) {
    const auto opened = open_data_file(path, user);
    if (!opened)
        return opened.error();
    const int fd = opened->get();
    const auto before = read_record(fd);
    const record now{in_force, parameters.hash_queue_depth, parameters.defers_transports,
                     parameters.hash_queue_names};
    if (!before || before->in_force != in_force)
        return write_record(fd, now);
    // If either is set, assume that it is: this is the safe side.
    parameters.defers_transports = parameters.defers_transports || before->defers_transports;
    if (format({in_force, now.hash_queue_depth, before->defers_transports, now.hash_queue_names}) ==
        format(*before))
        return {};
    parameters.hash_queue_depth = before->hash_queue_depth;
    parameters.hash_queue_names = before->hash_queue_names;
    log.warning("hash_queue_depth or hash_queue_names has changed: the change takes effect after "
                "\"postfix reload\"");
    return {};
}

} // namespace flushd
