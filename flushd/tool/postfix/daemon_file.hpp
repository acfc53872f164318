/// This program's place in Postfix's daemon_directory, from where master(8) starts its services.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// The two programs that may be behind the flush service, as master.cf names them.
inline constexpr std::string_view our_program = "flushd";
inline constexpr std::string_view stock_program = "flush";

class daemon_file {
public:
    enum class state {
        missing,
        same,  ///< this very file, through whatever links
        copy,  ///< another file with the same content
        other, ///< another build, or another program
    };

    explicit daemon_file(const instance& where);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Where this process has been started from.
    [[nodiscard]] const std::string& own_path() const noexcept { return own_path_; }
    [[nodiscard]] state find_state() const;

    /// Copies this program there. A copy, since what one builds or downloads goes away again, and
    /// since root runs it: the place that it comes from may be writable for others.
    void put() const;
    void remove() const;

    /// Throws tool_error unless the program that is there runs and is flushd. That it can load its
    /// libraries is better known before master(8) tries.
    void check_runs() const;

private:
    std::string path_;
    std::string own_path_;
};

} // namespace flushd::tool
