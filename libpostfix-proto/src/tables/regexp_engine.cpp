#include "tables/pattern_engine.hpp"

#include <regex.h>

#include <array>
#include <utility>

namespace postfix_proto {

namespace {

std::string error_text(int error, const regex_t& expression) {
    std::array<char, 256> buffer{};
    ::regerror(error, &expression, buffer.data(), buffer.size());
    return buffer.data();
}

struct expression_closer {
    void operator()(regex_t* expression) const noexcept {
        ::regfree(expression);
        delete expression;
    }
};
using expression_pointer = std::unique_ptr<regex_t, expression_closer>;

class regexp_pattern final : public compiled_pattern {
public:
    regexp_pattern(expression_pointer expression, bool wants_groups)
        : expression_(std::move(expression)),
          matches_(wants_groups ? expression_->re_nsub + 1 : 0) {}

    result<bool, std::string> match(const std::string& text,
                                    std::vector<std::string_view>& groups) override {
        const int outcome =
            ::regexec(expression_.get(), text.c_str(), matches_.size(), matches_.data(), 0);
        if (outcome == REG_NOMATCH)
            return false;
        if (outcome != 0)
            return unexpected(error_text(outcome, *expression_));
        groups.clear();
        for (const regmatch_t& group : matches_)
            groups.push_back(group.rm_so < 0
                                 ? std::string_view{}
                                 : std::string_view(text).substr(
                                       static_cast<std::size_t>(group.rm_so),
                                       static_cast<std::size_t>(group.rm_eo - group.rm_so)));
        return true;
    }
    std::size_t group_count() const override { return expression_->re_nsub; }

private:
    expression_pointer expression_;
    std::vector<regmatch_t> matches_;
};

class posix_engine final : public pattern_engine {
public:
    bool allows_second_pattern() const override { return true; }
    flag_verdict judge_flag(char flag) const override {
        return flag == 'i' || flag == 'm' || flag == 'x' ? flag_verdict::known
                                                         : flag_verdict::unknown;
    }
    compilation compile(std::string_view pattern, std::string_view flags,
                        bool wants_groups) const override {
        int options = REG_EXTENDED | REG_ICASE;
        for (const char flag : flags)
            options ^= flag == 'i' ? REG_ICASE : flag == 'm' ? REG_NEWLINE : REG_EXTENDED;
        if (!wants_groups)
            options |= REG_NOSUB;
        auto memory = std::make_unique<regex_t>();
        const int error = ::regcomp(memory.get(), std::string(pattern).c_str(), options);
        if (error != 0) // there is nothing that regfree() could free
            return unexpected(error_text(error, *memory));
        return std::make_unique<regexp_pattern>(expression_pointer(memory.release()), wants_groups);
    }
};

} // namespace

const pattern_engine& regexp_engine() {
    static const posix_engine engine;
    return engine;
}

} // namespace postfix_proto
