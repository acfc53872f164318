/// Puts another program behind the flush service: what install and uninstall have in common.
#pragma once

#include "flushd/tool/install/service_change.hpp"
#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/postfix/master_cf.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Which of the two programs it is to be, in words.
struct switch_direction {
    std::string_view command; ///< of this tool
    std::string_view program; ///< as master.cf has it
    std::string_view state;   ///< of a service that has it: "runs ..."
};
inline constexpr switch_direction to_flushd{"install", our_program, "runs flushd already"};
inline constexpr switch_direction to_stock{"uninstall", stock_program, "runs Postfix's own flush"};

/// Throws tool_error when this file cannot be replaced. `advice` is what to do where it comes from.
void refuse_fixed_file(const std::string& path, std::string_view advice);

/// Says that it was a dry run.
void print_dry_run();

/// The part of the change that is in master.cf.
class program_switch {
public:
    /// Reads master.cf. Throws tool_error where the service runs a program that is neither of the
    /// two, and for somebody who is not root unless it is a dry run. `where` must outlive it.
    program_switch(const instance& where, const switch_direction& to, bool is_dry_run);

    /// Whether master.cf names the program already.
    [[nodiscard]] bool is_named() const { return entry_.program() == to_.program; }
    /// Whether the program that is named answers. Not asked for in a dry run, nor while Postfix
    /// does not run. Takes up to 3 s.
    [[nodiscard]] bool is_in_effect() const;

    /// Throws tool_error, with the line that master.cf needs, where that cannot be changed here.
    void refuse_fixed_master_cf() const;

    void show_nothing_to_do(std::string_view remark = "") const;
    void show_silence() const; ///< the program is named, and does not answer
    void show_change() const;

    /// See change_program().
    [[nodiscard]] std::optional<pid_t> apply(const accompanying_change& others = {}) const;
    /// Says what has come of it.
    void report(const std::optional<pid_t>& process) const;

    /// The program in master.cf before the change.
    [[nodiscard]] std::string_view program_before() const { return entry_.program(); }

private:
    [[nodiscard]] std::string master_cf() const { return where_.config_directory() + "/master.cf"; }

    const instance& where_;
    switch_direction to_;
    bool is_dry_run_;
    service_entry entry_;
};

} // namespace flushd::tool
