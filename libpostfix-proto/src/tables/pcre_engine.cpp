#include "tables/pattern_engine.hpp"

#ifdef POSTFIX_PROTO_HAVE_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace postfix_proto {

namespace {

struct code_closer {
    void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
};
struct match_data_closer {
    void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
};
using code_pointer = std::unique_ptr<pcre2_code, code_closer>;
using match_data_pointer = std::unique_ptr<pcre2_match_data, match_data_closer>;

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::string error_text(int error) {
    std::array<PCRE2_UCHAR, 256> buffer{};
    if (pcre2_get_error_message(error, buffer.data(), buffer.size()) < 0)
        return fmt::format("PCRE2 error {}", error);
    return reinterpret_cast<const char*>(buffer.data());
}

class pcre_pattern final : public compiled_pattern {
public:
    pcre_pattern(code_pointer code, match_data_pointer matches)
        : code_(std::move(code)), matches_(std::move(matches)) {}

    result<bool, std::string> match(const std::string& text,
                                    std::vector<std::string_view>& groups) override {
        const int outcome =
            pcre2_match(code_.get(), bytes_of(text), text.size(), 0, 0, matches_.get(), nullptr);
        if (outcome == PCRE2_ERROR_NOMATCH)
            return false;
        if (outcome <= 0)
            return unexpected(error_text(outcome));
        const PCRE2_SIZE* const offsets = pcre2_get_ovector_pointer(matches_.get());
        groups.clear();
        for (std::uint32_t i = 0; i < pcre2_get_ovector_count(matches_.get()); ++i) {
            const PCRE2_SIZE start = offsets[2 * i];
            const PCRE2_SIZE end = offsets[2 * i + 1];
            groups.push_back(start == PCRE2_UNSET || end < start
                                 ? std::string_view{}
                                 : std::string_view(text).substr(start, end - start));
        }
        return true;
    }
    std::size_t group_count() const override { return pcre2_get_ovector_count(matches_.get()) - 1; }

private:
    code_pointer code_;
    match_data_pointer matches_;
};

std::uint32_t option(char flag) {
    switch (flag) {
    case 'i':
        return PCRE2_CASELESS;
    case 'm':
        return PCRE2_MULTILINE;
    case 's':
        return PCRE2_DOTALL;
    case 'x':
        return PCRE2_EXTENDED;
    case 'A':
        return PCRE2_ANCHORED;
    case 'E':
        return PCRE2_DOLLAR_ENDONLY;
    case 'U':
        return PCRE2_UNGREEDY;
    default:
        return 0;
    }
}

class pcre2_engine final : public pattern_engine {
public:
    bool allows_second_pattern() const override { return false; }
    flag_verdict judge_flag(char flag) const override {
        return flag == 'X'         ? flag_verdict::ignored // the old library's
               : option(flag) != 0 ? flag_verdict::known
                                   : flag_verdict::unknown;
    }
    compilation compile(std::string_view pattern, std::string_view flags, bool) const override {
        std::uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL;
        for (const char flag : flags)
            options ^= option(flag);
        int error_code = 0;
        PCRE2_SIZE error_offset = 0;
        code_pointer code(pcre2_compile(bytes_of(pattern), pattern.size(), options, &error_code,
                                        &error_offset, nullptr));
        if (!code)
            return unexpected(fmt::format("error in regex at offset {}: {}", error_offset,
                                          error_text(error_code)));
        match_data_pointer matches(pcre2_match_data_create_from_pattern(code.get(), nullptr));
        if (!matches)
            return unexpected("out of memory");
        return std::make_unique<pcre_pattern>(std::move(code), std::move(matches));
    }
};

} // namespace

const pattern_engine& pcre_engine() {
    static const pcre2_engine engine;
    return engine;
}

} // namespace postfix_proto

#endif
