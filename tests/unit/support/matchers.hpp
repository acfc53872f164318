// Matchers whose name differs between Catch2 v2 and v3.
#pragma once

#include "catch.hpp"

#include <string>

inline auto contains_text(const std::string& text) {
#ifdef FLUSHD_CATCH2_V3
    return Catch::Matchers::ContainsSubstring(text);
#else
    return Catch::Matchers::Contains(text);
#endif
}
