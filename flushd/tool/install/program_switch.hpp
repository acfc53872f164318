/// Replaces the program of the flush service, for install and uninstall.
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

/// The wanted program, and the words for it.
struct switch_direction {
    std::string_view command; ///< of this tool
    std::string_view program; ///< as master.cf has it
    std::string_view state;   ///< of a service with this program: "runs ..."
};
inline constexpr switch_direction to_flushd{"install", our_program, "already runs flushd"};
inline constexpr switch_direction to_stock{"uninstall", stock_program, "runs Postfix's own flush"};

/// Throws tool_error if this file cannot be replaced. `advice` says what to do in its source.
void refuse_fixed_file(const std::string& path, std::string_view advice);

/// Prints that nothing has been changed.
void print_dry_run();

/// The change of master.cf.
class program_switch {
public:
    /// Reads master.cf. Throws tool_error if the service runs a program that is neither of the two,
    /// or if the user is not root and this is not a dry run. `where` must outlive this object.
    program_switch(const instance& where, const switch_direction& to, bool is_dry_run);

    /// Whether master.cf names the program already.
    [[nodiscard]] bool is_named() const { return entry_.program() == to_.program; }
    /// Whether the program that master.cf names answers. Not checked in a dry run, or if Postfix is
    /// not running: then true. Takes up to 3 s.
    [[nodiscard]] bool is_in_effect() const;

    /// Throws tool_error, with the line that master.cf needs, if that cannot be changed here.
    void refuse_fixed_master_cf() const;

    void show_nothing_to_do(std::string_view remark = "") const;
    void show_silence() const; ///< master.cf names the program, but it does not answer
    void show_change() const;

    /// See change_program().
    [[nodiscard]] std::optional<pid_t> apply(const accompanying_change& others = {}) const;
    /// Prints the result.
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
