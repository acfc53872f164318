#include "flushd/tool/service_change.hpp"

#include "flushd/tool/tool_error.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

namespace flushd::tool {

using namespace postfix_proto;
using namespace std::chrono_literals;

namespace {

// A daemon is up within a fraction of a second; this is for a machine that is busy.
constexpr auto answer_limit = 15s;
// How long the old one may take before it is thought to be held back by master(8), see
// make_forget().
constexpr auto old_answer_limit = 3s;

volatile std::sig_atomic_t is_interrupted = 0;

/// Between the change and its proof a signal must not end the program, only what it is about.
class interrupt_guard {
public:
    interrupt_guard() {
        is_interrupted = 0;
        struct sigaction action {};
        action.sa_handler = [](int) { is_interrupted = 1; };
        action.sa_flags = SA_RESTART;
        for (std::size_t number = 0; number < std::size(signals); ++number)
            ::sigaction(signals[number], &action, &old_[number]);
    }
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;
    ~interrupt_guard() {
        for (std::size_t number = 0; number < std::size(signals); ++number)
            ::sigaction(signals[number], &old_[number], nullptr);
    }

private:
    static constexpr int signals[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction old_[std::size(signals)]{};
};

[[noreturn]] void fail_with_errno(std::string_view what, const std::string& path) {
    throw tool_error(fmt::format("{} {}: {}", what, path, errno_text(errno)), EX_CANTCREAT);
}

/// A file's text, owner and mode. postconf(1) leaves master.cf with root's and 0644 after a change.
class file_image {
public:
    explicit file_image(std::string path) : path_(std::move(path)) {
        std::ifstream file(path_, std::ios::binary);
        text_.assign(std::istreambuf_iterator<char>(file), {});
        if (!file || ::stat(path_.c_str(), &status_) < 0)
            throw tool_error(fmt::format("cannot read {}", path_), EX_NOINPUT);
    }

    void write_to(const std::string& path) const {
        const auto temporary = path + ".flushd-new";
        ::unlink(temporary.c_str());
        file_descriptor file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file)
            fail_with_errno("cannot create", temporary);
        std::string_view rest = text_;
        while (!rest.empty()) {
            const auto written = ::write(file.get(), rest.data(), rest.size());
            if (written < 0)
                fail_with_errno("cannot write", temporary);
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        if (::fchown(file.get(), status_.st_uid, status_.st_gid) < 0 ||
            ::fchmod(file.get(), status_.st_mode & 07777U) < 0 || ::fsync(file.get()) < 0 ||
            ::rename(temporary.c_str(), path.c_str()) < 0)
            fail_with_errno("cannot write", path);
    }
    void restore() const { write_to(path_); }
    void restore_owner() const {
        if (::chown(path_.c_str(), status_.st_uid, status_.st_gid) < 0 ||
            ::chmod(path_.c_str(), status_.st_mode & 07777U) < 0)
            fail_with_errno("cannot give its owner and mode back to", path_);
    }

private:
    std::string path_;
    std::string text_;
    struct stat status_ {};
};

class service_change {
public:
    service_change(const instance& where, const service_entry& entry, std::string_view program)
        : where_(where), entry_(entry), program_(program),
          before_(where.config_directory() + "/master.cf"), is_running_(find_master(where)) {}

    std::optional<pid_t> make() {
        interrupt_guard guard;
        const bool answered =
            is_running_ && ask_for_nothing(where_, old_answer_limit).outcome == flush_outcome::ok;
        if (entry_.program() != program_)
            before_.write_to(saved_master_cf(where_));
        try {
            edit();
            if (!is_running_)
                return std::nullopt;
            where_.run_checked("postfix", {"check"});
            if (!answered)
                make_forget();
            reload();
            const auto came =
                wait_for_answer(where_, program_, answer_limit, [] { return is_interrupted != 0; });
            if (came.process == 0)
                throw tool_error(came.problem);
            return came.process;
        } catch (const tool_error& error) {
            throw tool_error(fmt::format("{}; {}", error.what(), put_back(answered)),
                             error.status());
        }
    }

private:
    void edit() {
        if (entry_.program() == program_)
            return;
        where_.run_checked("postconf", {"-F", fmt::format("{}/command={}", entry_.name,
                                                          entry_.command_with(program_))});
        before_.restore_owner();
        auto wanted = entry_.fields;
        wanted["command"] = entry_.command_with(program_);
        const auto now = find_service(where_, entry_.name);
        if (!now || now->fields != wanted)
            throw tool_error("postconf(1) has made something else of the service's line",
                             EX_SOFTWARE);
    }

    void reload() const { where_.run_checked("postfix", {"reload"}); }

    /// master(8) does not start a service for a minute after its program has failed at once, and
    /// neither a reload nor another program changes that (3.5 to 3.10). But it forgets a service
    /// that has gone from master.cf.
    void make_forget() const {
        const file_image image(where_.config_directory() + "/master.cf");
        where_.run_checked("postconf", {"-MX", entry_.name});
        reload();
        const auto deadline = std::chrono::steady_clock::now() + answer_limit;
        while (ask_for_nothing(where_, 1s).outcome != flush_outcome::unreachable &&
               std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(50ms);
        image.restore();
    }

    /// Says what came of it.
    std::string put_back(bool answered) const {
        try {
            before_.restore();
            if (!is_running_)
                return "master.cf is as it was";
            reload();
            if (!answered)
                return fmt::format("master.cf is as it was, where {} did not answer, either",
                                   entry_.program());
            auto came = wait_for_answer(where_, entry_.program(), old_answer_limit);
            if (came.process == 0) {
                make_forget();
                reload();
                came = wait_for_answer(where_, entry_.program(), answer_limit);
            }
            if (came.process != 0)
                return fmt::format("master.cf is as it was, and {} answers again",
                                   entry_.program());
            return fmt::format("master.cf is as it was, but {}: stop and start Postfix",
                               came.problem);
        } catch (const tool_error& error) {
            return fmt::format("and could not be put back: {}; master.cf as it was is {}",
                               error.what(), saved_master_cf(where_));
        }
    }

    const instance& where_;
    const service_entry& entry_;
    std::string program_;
    file_image before_;
    bool is_running_;
};

} // namespace

std::string saved_master_cf(const instance& where) {
    return where.config_directory() + "/master.cf.saved-by-flushd";
}

std::string show_change(const service_entry& entry, std::string_view program) {
    std::string result;
    const auto add = [&result](char sign, std::string_view text) {
        while (true) {
            const auto end = text.find('\n');
            result += fmt::format("{} {}\n", sign, text.substr(0, end));
            if (end == std::string_view::npos)
                return;
            text.remove_prefix(end + 1);
        }
    };
    add('-', entry.text);
    add('+', entry.text_with(program));
    return result;
}

std::optional<pid_t> change_program(const instance& where, const service_entry& entry,
                                    std::string_view program) {
    return service_change(where, entry, program).make();
}

} // namespace flushd::tool
