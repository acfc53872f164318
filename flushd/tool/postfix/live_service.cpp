#include "flushd/tool/postfix/live_service.hpp"

#include "flushd/core/probe.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/file_io.hpp"
#include "postfix_proto/process_name.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace flushd::tool {

using namespace postfix_proto;
using namespace std::chrono_literals;
using steady_clock = std::chrono::steady_clock;

namespace {

// Longer than any command line.
constexpr std::size_t longest_proc_file = std::size_t{16} << 20U;

/// Returns an empty text if the file cannot be read: the process may just have ended.
std::string read_proc_file(pid_t process, const char* name) {
    auto text = read_whole_file(fmt::format("/proc/{}/{}", process, name), longest_proc_file);
    return text ? *std::move(text) : std::string();
}

/// The fields of /proc/PID/stat that matter here; see proc(5).
struct process_status {
    std::string name;
    char state = 0;
    pid_t parent = 0;
    unsigned long long start_ticks = 0; // since boot
};

std::optional<process_status> read_status(pid_t process) {
    const auto text = read_proc_file(process, "stat");
    const auto open = text.find('('), close = text.rfind(')'); // a name may contain either
    if (open == std::string::npos || close == std::string::npos)
        return std::nullopt;
    process_status result;
    result.name = text.substr(open + 1, close - open - 1);
    std::istringstream rest(text.substr(close + 1));
    rest >> result.state >> result.parent;
    constexpr int between = 17; // pgrp to itrealvalue
    std::string skipped;
    for (int number = 0; number < between; ++number)
        rest >> skipped;
    rest >> result.start_ticks;
    if (!rest)
        return std::nullopt;
    return result;
}

std::chrono::system_clock::time_point boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("btime "))
            return std::chrono::system_clock::from_time_t(std::stoll(line.substr(6)));
    return {};
}

std::optional<service_process> describe(pid_t process, const process_status& status) {
    const auto command_line = read_proc_file(process, "cmdline");
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < command_line.size();) {
        auto end = std::min(command_line.find('\0', begin), command_line.size());
        words.push_back(command_line.substr(begin, end - begin));
        begin = end + 1;
    }
    if (words.empty())
        return std::nullopt;
    service_process result;
    result.id = process;
    result.program = result.service = process_basename(words[0]);
    if (const auto option = std::find(words.begin(), words.end(), "-n");
        option != words.end() && option + 1 != words.end())
        result.service = *(option + 1);
    static const auto booted = boot_time();
    static const long ticks = ::sysconf(_SC_CLK_TCK);
    result.started =
        booted + std::chrono::milliseconds(status.start_ticks * 1000 /
                                           static_cast<unsigned long long>(std::max(ticks, 1L)));
    return result;
}

template <typename Wanted>
std::vector<service_process> find_children(pid_t master, const Wanted& is_wanted) {
    std::vector<service_process> result;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const auto name = entry.path().filename().string();
        pid_t process = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
        if (error != std::errc{} || end != name.data() + name.size())
            continue;
        const auto status = read_status(process);
        if (!status || status->parent != master || status->state == 'Z')
            continue;
        if (auto found = describe(process, *status); found && is_wanted(*found))
            result.push_back(*std::move(found));
    }
    return result;
}

} // namespace

std::optional<pid_t> find_master(const instance& where) {
    // Not "postfix status", which writes a line to the log each time.
    constexpr std::size_t enough = 100;
    const auto file = read_foreign_file({where.queue_directory() + "/pid", "master.pid"}, enough);
    pid_t process = 0;
    if (!file)
        return std::nullopt;
    std::istringstream text(*file);
    if (!(text >> process) || process <= 0)
        return std::nullopt;
    // The file may be stale: it remains after a crash of the machine.
    const auto status = read_status(process);
    if (!status || status->name != "master" || status->state == 'Z')
        return std::nullopt;
    return process;
}

std::vector<service_process> find_processes(pid_t master, std::string_view service) {
    return find_children(master,
                         [service](const auto& process) { return process.service == service; });
}

bool wait_until_gone(pid_t master, const std::vector<service_process>& processes,
                     std::chrono::milliseconds limit, bool (*give_up)()) {
    const auto deadline = steady_clock::now() + limit;
    const auto is_left = [&processes](const service_process& process) {
        return std::any_of(processes.begin(), processes.end(),
                           [&](const auto& old) { return old.id == process.id; });
    };
    while (!find_children(master, is_left).empty()) {
        if (steady_clock::now() >= deadline || (give_up && give_up()))
            return false;
        std::this_thread::sleep_for(50ms);
    }
    return true;
}

flush_result ask_for_nothing(const instance& where, std::chrono::milliseconds limit) {
    return ask_flush(send_file_request{*queue_id::parse(probe_queue_id)},
                     {.path = where.public_socket(where.parameters().get("flush_service_name")),
                      .limit = limit});
}

answer wait_for_answer(const instance& where, std::string_view program,
                       std::chrono::milliseconds limit, bool (*give_up)()) {
    constexpr auto longest_wait = 2s;
    // With a client waiting, master(8) starts a process at once, unless it throttles the service.
    constexpr auto longest_without_process = 5s;
    const auto& service = where.parameters().get("flush_service_name");
    const auto deadline = steady_clock::now() + limit;
    auto last_process = steady_clock::now();
    answer result;
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
        if (left <= 0ms)
            return result;
        if (give_up && give_up())
            return {0, "interrupted"};
        const auto done =
            ask_for_nothing(where, std::min<std::chrono::milliseconds>(left, longest_wait));
        const auto master = find_master(where);
        if (!master)
            return {0, "Postfix is no longer running"};
        const auto processes = find_processes(*master, service);
        const auto other =
            std::find_if(processes.begin(), processes.end(),
                         [&](const auto& process) { return process.program != program; });
        if (!processes.empty())
            last_process = steady_clock::now();
        if (done.outcome != flush_outcome::ok)
            result.problem =
                fmt::format("{} does not answer ({}); the mail log says why", program, done.text);
        else if (other != processes.end())
            result.problem = fmt::format("{} answers, process {}, instead of {}", other->program,
                                         other->id, program);
        else if (processes.empty())
            result.problem =
                fmt::format("something answers, but master(8) has no process {}", program);
        else
            return {processes.front().id, {}};
        if (steady_clock::now() - last_process > longest_without_process)
            return result;
        std::this_thread::sleep_for(100ms);
    }
}

} // namespace flushd::tool
