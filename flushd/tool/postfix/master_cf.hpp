/// Reads and changes the services of master.cf with postconf(1).
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include "postfix_proto/postconf.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

struct service_entry {
    std::string name; ///< flush/unix
    /// As `postconf -M` shows it, without a newline at the end; several lines when it is long.
    std::string text;
    /// By the names that `postconf -F` has for them: private, chroot, process_limit, command ...
    postfix_proto::parameter_values fields;

    [[nodiscard]] const std::string& field(std::string_view field_name) const;
    /// The first word of the command, the name of a file in daemon_directory.
    [[nodiscard]] std::string_view program() const;
    /// The command and the text, each with another first word of the command, and all else as it
    /// is.
    [[nodiscard]] std::string command_with(std::string_view program) const;
    [[nodiscard]] std::string text_with(std::string_view program) const;
};

/// The name in master.cf of the service that Postfix's programs ask: $flush_service_name/unix.
[[nodiscard]] std::string flush_service_entry_name(const instance& where);

/// Nothing where master.cf has no such service.
[[nodiscard]] std::optional<service_entry> find_service(const instance& where,
                                                        const std::string& name);

/// What `-o` of the flush service's line in master.cf sets a parameter to, as it is written there.
/// Nothing where it does not, or where there is no such line.
[[nodiscard]] std::optional<std::string> own_setting(const instance& where,
                                                     const std::string& parameter);

/// The flush service, or a tool_error that says why there is none which could be changed.
[[nodiscard]] service_entry find_flush_service(const instance& where);

} // namespace flushd::tool
