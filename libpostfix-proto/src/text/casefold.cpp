#include "postfix_proto/casefold.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/utf8.hpp"

#include "text/ascii_case.hpp"

#include <fmt/format.h>

#include <unicode/ucasemap.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

namespace postfix_proto {

namespace {

std::string lower_ascii(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), to_lower);
    return result;
}

struct case_map_closer {
    void operator()(UCaseMap* map) const noexcept { ucasemap_close(map); }
};

/// Kept for the lifetime of the process. The locale does not affect case folding, except for the
/// Turkic option, which is not used.
const UCaseMap* case_map() {
    static const std::unique_ptr<UCaseMap, case_map_closer> map = [] {
        UErrorCode error = U_ZERO_ERROR;
        std::unique_ptr<UCaseMap, case_map_closer> opened(
            ucasemap_open("", U_FOLD_CASE_DEFAULT, &error));
        if (U_FAILURE(error))
            throw startup_error(fmt::format("cannot open ICU case map: {}", u_errorName(error)));
        return opened;
    }();
    return map.get();
}

} // namespace

std::string casefold(std::string_view text, bool utf8) {
    constexpr auto icu_limit = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (!utf8 || is_ascii(text) || text.size() > icu_limit || !is_valid_utf8(text))
        return lower_ascii(text);
    std::string result(text.size(), '\0');
    // At most twice: the first call returns the size that the second one needs.
    for (int attempt = 0; attempt < 2; ++attempt) {
        UErrorCode error = U_ZERO_ERROR;
        const std::int32_t length = ucasemap_utf8FoldCase(
            case_map(), result.data(), static_cast<std::int32_t>(result.size()), text.data(),
            static_cast<std::int32_t>(text.size()), &error);
        if (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR)
            break;
        result.resize(static_cast<std::size_t>(length));
        if (U_SUCCESS(error))
            return result;
    }
    return lower_ascii(text); // ICU is out of memory; better a name that does not match
}

} // namespace postfix_proto
