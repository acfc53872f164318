/// Prints and counts the findings of `flushd check`, one line each.
#pragma once

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace flushd::tool {

/// Prints a line for each check. A problem comes with its fix.
class findings {
public:
    template <typename... Args>
    void ok(postfix_proto::format_string<Args...> format, Args&&... args) {
        print("ok", fmt::format(format, std::forward<Args>(args)...));
    }
    /// Information only; does not count as a problem.
    template <typename... Args>
    void note(postfix_proto::format_string<Args...> format, Args&&... args) {
        print("note", fmt::format(format, std::forward<Args>(args)...));
    }
    /// Works, but not as it should.
    template <typename... Args>
    void warning(postfix_proto::format_string<Args...> format, Args&&... args) {
        ++count_;
        print("warning", fmt::format(format, std::forward<Args>(args)...));
    }
    /// Keeps ETRN from working, for some sites or for all.
    template <typename... Args>
    void error(postfix_proto::format_string<Args...> format, Args&&... args) {
        ++count_;
        print("error", fmt::format(format, std::forward<Args>(args)...));
    }

    /// The number of warnings and errors.
    [[nodiscard]] unsigned count() const noexcept { return count_; }

private:
    static void print(std::string_view label, std::string_view text) {
        fmt::print("{}: {}\n", label, postfix_proto::printable(text));
    }

    unsigned count_ = 0;
};

} // namespace flushd::tool
