/// Collects the findings of `flushd check`, one line each.
#pragma once

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flushd::tool {

struct finding {
    enum class level { ok, note, warning, error, unknown };
    level what;
    std::string text;
};

/// The word that stands before the text: "ok", "warning" ...
[[nodiscard]] std::string_view word_of(finding::level what);

/// One finding for each check. A problem comes with its fix.
class findings {
public:
    using level = finding::level;
    template <typename... Args>
    using format = postfix_proto::format_string<Args...>;

    /// If `prints`, each one is printed when it is found.
    explicit findings(bool prints) : prints_(prints) {}

    template <typename... Args>
    void ok(format<Args...> text, Args&&... args) {
        add(level::ok, fmt::format(text, std::forward<Args>(args)...));
    }
    /// Information only; does not count as a problem.
    template <typename... Args>
    void note(format<Args...> text, Args&&... args) {
        add(level::note, fmt::format(text, std::forward<Args>(args)...));
    }
    /// Works, but not as it should.
    template <typename... Args>
    void warning(format<Args...> text, Args&&... args) {
        add(level::warning, fmt::format(text, std::forward<Args>(args)...));
    }
    /// Keeps ETRN from working, for some sites or for all.
    template <typename... Args>
    void error(format<Args...> text, Args&&... args) {
        add(level::error, fmt::format(text, std::forward<Args>(args)...));
    }
    /// What could not be found out, and why.
    template <typename... Args>
    void unknown(format<Args...> text, Args&&... args) {
        add(level::unknown, fmt::format(text, std::forward<Args>(args)...));
    }

    [[nodiscard]] const std::vector<finding>& all() const noexcept { return all_; }
    [[nodiscard]] std::size_t count(level what) const;
    /// The number of warnings and errors.
    [[nodiscard]] std::size_t problems() const {
        return count(level::warning) + count(level::error);
    }

private:
    void add(level what, std::string text);

    bool prints_;
    std::vector<finding> all_;
};

} // namespace flushd::tool
