/// Manages the copy of this program in Postfix's daemon_directory, where master(8) finds its
/// programs.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// The two programs that can provide the flush service, as master.cf names them.
inline constexpr std::string_view our_program = "flushd";
inline constexpr std::string_view stock_program = "flush";

class daemon_file {
public:
    enum class state {
        missing,
        same,  ///< this very file, possibly through links
        copy,  ///< another file with the same content
        other, ///< another build, or another program
    };

    explicit daemon_file(const instance& where);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// The path of the file that this process runs.
    [[nodiscard]] const std::string& own_path() const noexcept { return own_path_; }
    [[nodiscard]] state find_state() const;

    /// Copies this program there. A link would not do: a build or a download may be deleted, and
    /// its directory may be writable for others, while root runs the program.
    void put() const;
    void remove() const;

    /// Throws tool_error unless the program there runs and is flushd. This finds a missing library
    /// before master(8) does.
    void check_runs() const;

private:
    std::string path_;
    std::string own_path_;
};

} // namespace flushd::tool
