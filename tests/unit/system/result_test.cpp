#include "catch.hpp"

#include "postfix_proto/result.hpp"

#include <memory>
#include <string>

using namespace postfix_proto;

namespace {

result<int, std::string> half_of(int number) {
    if (number % 2 != 0)
        return unexpected("odd");
    return number / 2;
}

struct base {
    virtual ~base() = default;
};
struct derived : base {};

} // namespace

TEST_CASE("a result has a value or an error") {
    const auto half = half_of(4);
    REQUIRE(half);
    CHECK(half.has_value());
    CHECK(*half == 2);
    const auto none = half_of(3);
    REQUIRE_FALSE(none);
    CHECK(none.error() == "odd");
}

TEST_CASE("a result throws instead of inventing the one it does not have") {
    CHECK_THROWS_AS(*half_of(3), std::bad_variant_access);
    CHECK_THROWS_AS(half_of(4).error(), std::bad_variant_access);
    CHECK_THROWS_AS((result<void, int>().error()), std::bad_optional_access);
}

TEST_CASE("a result tells a value and an error of the same type apart") {
    const result<std::string, std::string> good = "text";
    const result<std::string, std::string> bad = unexpected("text");
    CHECK(good.has_value());
    CHECK_FALSE(bad.has_value());
}

TEST_CASE("a result takes and gives what can only be moved") {
    result<std::unique_ptr<base>> made = std::make_unique<derived>();
    REQUIRE(made);
    const std::unique_ptr<base> taken = *std::move(made);
    CHECK(taken != nullptr);
    CHECK(*made == nullptr);
}

TEST_CASE("a result's error is a std::error_code unless it says otherwise") {
    const result<std::string> missing =
        unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
    REQUIRE_FALSE(missing);
    CHECK(missing.error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("a result without a value is success, or an error") {
    result<void, std::string> good;
    CHECK(good);
    good = unexpected("broken");
    REQUIRE_FALSE(good);
    CHECK(good.error() == "broken");
}
