/// Defines the interface of the regular expression engines of regexp: and pcre: tables. Private to
/// the library.
#pragma once

#include "postfix_proto/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

class compiled_pattern {
public:
    compiled_pattern() = default;
    compiled_pattern(const compiled_pattern&) = delete;
    compiled_pattern& operator=(const compiled_pattern&) = delete;
    virtual ~compiled_pattern() = default;

    /// Whether the pattern matches. If so, the groups are views of `text`, the whole match first:
    /// all groups of the pattern, and at least as many as were wanted. The error is the
    /// reason, for a log line.
    virtual result<bool, std::string> match(const std::string& text,
                                            std::vector<std::string_view>& groups) = 0;
    [[nodiscard]] virtual std::size_t group_count() const = 0;
};

class pattern_engine {
public:
    virtual ~pattern_engine() = default;

    /// "/a/!/b/" is a rule with two patterns.
    [[nodiscard]] virtual bool allows_second_pattern() const = 0;

    enum class flag_verdict { known, ignored, unknown };
    [[nodiscard]] virtual flag_verdict judge_flag(char flag) const = 0;

    /// The error says, for a log line, why the pattern is invalid.
    using compilation = result<std::unique_ptr<compiled_pattern>, std::string>;
    /// `flags` are known flags, each as often as it was given. Reports the groups only if they are
    /// wanted.
    [[nodiscard]] virtual compilation compile(std::string_view pattern, std::string_view flags,
                                              bool wants_groups) const = 0;
};

[[nodiscard]] const pattern_engine& regexp_engine();
#ifdef POSTFIX_PROTO_HAVE_PCRE2
[[nodiscard]] const pattern_engine& pcre_engine();
#endif

} // namespace postfix_proto
