/// Defines the interface of the regular expression engines of regexp: and pcre: tables. Private to
/// the library.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

class compiled_pattern {
public:
    enum class outcome { no, yes, failed };

    compiled_pattern() = default;
    compiled_pattern(const compiled_pattern&) = delete;
    compiled_pattern& operator=(const compiled_pattern&) = delete;
    virtual ~compiled_pattern() = default;

    /// On a match, the groups are views of `text`, the whole match first: all groups of the
    /// pattern, and at least as many as were wanted. On failure, `error` says why.
    virtual outcome match(const std::string& text, std::vector<std::string_view>& groups,
                          std::string& error) = 0;
    [[nodiscard]] virtual std::size_t group_count() const = 0;
};

class pattern_engine {
public:
    virtual ~pattern_engine() = default;

    /// "/a/!/b/" is a rule with two patterns.
    [[nodiscard]] virtual bool allows_second_pattern() const = 0;

    enum class flag_verdict { known, ignored, unknown };
    [[nodiscard]] virtual flag_verdict judge_flag(char flag) const = 0;

    /// `flags` are known flags, each as often as it was given. Returns null, and sets `error`, if
    /// the pattern is invalid. Reports the groups only if they are wanted.
    [[nodiscard]] virtual std::unique_ptr<compiled_pattern> compile(std::string_view pattern,
                                                                    std::string_view flags,
                                                                    bool wants_groups,
                                                                    std::string& error) const = 0;
};

[[nodiscard]] const pattern_engine& regexp_engine();
#ifdef POSTFIX_PROTO_HAVE_PCRE2
[[nodiscard]] const pattern_engine& pcre_engine();
#endif

} // namespace postfix_proto
