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
    /// The entry as `postconf -M` prints it, without the last newline. May have several lines.
    std::string text;
    /// By the names that `postconf -F` uses: private, chroot, process_limit, command ...
    postfix_proto::parameter_values fields;

    [[nodiscard]] const std::string& field(std::string_view field_name) const;
    /// The first word of the command: the name of a file in daemon_directory.
    [[nodiscard]] std::string_view program() const;
    /// The command, or the whole entry, with this program in place of the present one.
    [[nodiscard]] std::string command_with(std::string_view program) const;
    [[nodiscard]] std::string text_with(std::string_view program) const;
};

/// The name of the flush service in master.cf: $flush_service_name/unix.
[[nodiscard]] std::string flush_service_entry_name(const instance& where);

/// Returns nothing if master.cf has no such service.
[[nodiscard]] std::optional<service_entry> find_service(const instance& where,
                                                        const std::string& name);

/// The value that `-o` in the flush service's entry of master.cf gives to a parameter, unexpanded.
/// Nothing if the entry does not set it, or does not exist.
[[nodiscard]] std::optional<std::string> own_setting(const instance& where,
                                                     const std::string& parameter);

/// Returns the flush service. Throws tool_error with the reason if there is none that can be
/// changed.
[[nodiscard]] service_entry find_flush_service(const instance& where);

} // namespace flushd::tool
