#include "flushd/tool/install/service_change.hpp"

#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/slow_notice.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <thread>

namespace flushd::tool {

using namespace postfix_proto;
using namespace std::chrono_literals;

namespace {

// A daemon starts within a fraction of a second; this allows for a busy machine.
constexpr auto answer_limit = 15s;
// If the old program does not answer within this time, master(8) is assumed to throttle it; see
// make_forget().
constexpr auto old_answer_limit = 3s;

class service_change {
public:
    service_change(const instance& where, const service_entry& entry, std::string_view program,
                   const accompanying_change& others)
        : where_(where), entry_(entry), program_(program), others_(others),
          before_(where.config_directory() + "/master.cf"),
          saved_before_(file_image::read_if_there(saved_master_cf(where))),
          is_running_(find_master(where)) {}

    std::optional<pid_t> make() {
        interrupt_guard guard;
        const bool answered =
            is_running_ && ask_for_nothing(where_, old_answer_limit).outcome == flush_outcome::ok;
        try {
            if (entry_.program() != program_)
                before_.write_to(saved_master_cf(where_));
            edit();
            if (!is_running_)
                return std::nullopt;
            check_queue();
            if (!answered)
                make_forget();
            reload();
            const auto came =
                wait_for_answer(where_, program_, answer_limit, interrupt_guard::is_interrupted);
            if (came.process == 0)
                throw tool_error(came.problem);
            if (others_.verify)
                others_.verify();
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
            throw tool_error("postconf(1) has changed more of the service's line than its command",
                             EX_SOFTWARE);
    }

    /// Takes half a minute for 200000 messages.
    void check_queue() {
        std::fflush(stdout); // print the plan before the notice
        const slow_notice notice("postfix check is looking through the queue");
        where_.run_checked("postfix", {"check"});
    }

    void reload() {
        is_reloaded_ = true;
        where_.run_checked("postfix", {"reload"});
    }

    /// Restores the saved copy of before, because nothing was changed.
    void forget_saved() const {
        if (saved_before_)
            saved_before_->restore();
        else
            ::unlink(saved_master_cf(where_).c_str());
    }

    /// master(8) throttles a service for a minute if its program fails at start-up, and neither a
    /// reload nor another program changes that (3.5 to 3.10). But it forgets a service that has
    /// been removed from master.cf.
    void make_forget() {
        const file_image image(where_.config_directory() + "/master.cf");
        where_.run_checked("postconf", {"-MX", entry_.name});
        reload();
        const auto deadline = std::chrono::steady_clock::now() + answer_limit;
        while (ask_for_nothing(where_, 1s).outcome != flush_outcome::unreachable &&
               std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(50ms);
        image.restore();
    }

    /// Returns a text about the result.
    std::string put_back(bool answered) {
        try {
            const bool is_changed = !before_.is_in_place();
            if (is_changed)
                before_.restore();
            const bool took_back = others_.take_back && others_.take_back();
            if (!is_changed && !took_back && !is_reloaded_) {
                forget_saved();
                return "nothing has been changed";
            }
            const std::string restored = took_back ? "main.cf and master.cf have been restored"
                                                   : "master.cf has been restored";
            if (!is_running_)
                return restored;
            reload();
            if (!answered)
                return fmt::format("{}; {} did not answer before, either", restored,
                                   entry_.program());
            auto came = wait_for_answer(where_, entry_.program(), old_answer_limit);
            if (came.process == 0) {
                make_forget();
                reload();
                came = wait_for_answer(where_, entry_.program(), answer_limit);
            }
            if (came.process != 0)
                return fmt::format("{}, and {} answers again", restored, entry_.program());
            return fmt::format("{}, but {}: stop and start Postfix", restored, came.problem);
        } catch (const tool_error& error) {
            return fmt::format("and this could not be undone: {}; the old master.cf is saved as {}",
                               error.what(), saved_master_cf(where_));
        }
    }

    const instance& where_;
    const service_entry& entry_;
    std::string program_;
    const accompanying_change& others_;
    file_image before_;
    std::optional<file_image> saved_before_;
    bool is_running_;
    bool is_reloaded_ = false;
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
                                    std::string_view program, const accompanying_change& others) {
    return service_change(where, entry, program, others).make();
}

} // namespace flushd::tool
