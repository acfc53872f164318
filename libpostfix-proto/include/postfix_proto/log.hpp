/// Writes log records with Postfix's severities.
///
/// Postfix defines a severity by its consequence (msg(3), Postfix 3.7): `info` reports progress;
/// `warning`, a problem that the program can tolerate; `error`, one that costs some functionality;
/// `fatal`, one that ends the process and that the operator can fix; `panic`, one that ends the
/// process and is a bug in the program.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace postfix_proto {

#if FMT_VERSION < 80000
template <typename...>
using format_string = std::string_view;
#else
/// A format string of {fmt}, checked by the compiler. With fmt 7, which Debian 11 has, a plain text
/// that is checked when it is used.
template <typename... Args>
using format_string = fmt::format_string<Args...>;
#endif

/// Postfix's severities.
enum class severity {
    info,    ///< progress
    warning, ///< the program can live with it
    error,   ///< some functionality is lost
    fatal,   ///< the process ends; the operator can mend it
    panic    ///< the process ends; a mistake in the program
};

/// The word that Postfix puts before the text: "warning", "error", "fatal", "panic". Empty for
/// `info`, which Postfix logs without a label.
[[nodiscard]] std::string_view severity_label(severity level) noexcept;

/// The destination of log records. A sink adds the time, the name and the severity label as its
/// medium requires; `text` is one line that has been through `printable()`.
class log_sink {
public:
    virtual ~log_sink() = default;
    /// Writes one record, or loses it without reporting that.
    virtual void write(severity level, std::string_view text) noexcept = 0;
};

/// Makes text safe for a log line as Postfix's printable() does: every byte that is not printable
/// ASCII becomes `?`, except that well-formed UTF-8 is left as it is.
[[nodiscard]] std::string printable(std::string_view text);

/// The logger of the library and its users. Any thread may write to it; its sink or verbosity may
/// be changed only while no other thread exists.
class logger {
public:
    /// `verbosity` is the number of -v options: debug() writes from 1 on. Without a sink nothing is
    /// written.
    explicit logger(std::unique_ptr<log_sink> sink, int verbosity = 0);

    /// Records go there from now on.
    void replace_sink(std::unique_ptr<log_sink> sink) noexcept;
    /// As for the constructor.
    void set_verbosity(int verbosity) noexcept { verbosity_ = verbosity; }
    /// The number of -v options.
    [[nodiscard]] int verbosity() const noexcept { return verbosity_; }

    /// Writes a text of any kind; it goes through printable(). For severities without a function.
    void write(severity level, std::string_view text) noexcept;

    /// Progress. Formats as fmt::format() does.
    template <typename... Args>
    void info(format_string<Args...> format, Args&&... args) {
        write(severity::info, fmt::format(format, std::forward<Args>(args)...));
    }
    /// A problem that the program can tolerate.
    template <typename... Args>
    void warning(format_string<Args...> format, Args&&... args) {
        write(severity::warning, fmt::format(format, std::forward<Args>(args)...));
    }
    /// One that costs some functionality.
    template <typename... Args>
    void error(format_string<Args...> format, Args&&... args) {
        write(severity::error, fmt::format(format, std::forward<Args>(args)...));
    }
    /// An info record that is written only under -v.
    template <typename... Args>
    void debug(format_string<Args...> format, Args&&... args) {
        if (verbosity_ > 0)
            write(severity::info, fmt::format(format, std::forward<Args>(args)...));
    }

private:
    std::unique_ptr<log_sink> sink_;
    int verbosity_;
};

} // namespace postfix_proto
