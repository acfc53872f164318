// What real Postfixes have said, byte by byte.
#pragma once

#include "catch.hpp"

#include <fstream>
#include <iterator>
#include <string>

inline std::string fixture_file(const std::string& name) {
    std::ifstream file(FLUSHD_TEST_FIXTURES "/" + name, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}
