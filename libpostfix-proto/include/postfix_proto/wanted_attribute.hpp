/// Describes an attribute to extract from an attribute list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// A name, and where its value goes. The target must outlive the scanner, and the name with it.
///
/// Strings end at a NUL byte where a form lets one through, as all do in Postfix; data do not.
class wanted_attribute {
public:
    /// What entries() fills: values by name.
    using map = std::map<std::string, std::string, std::less<>>;

    /// A string, which may be empty.
    wanted_attribute(std::string_view name, std::string& target) : name_(name), target_(&target) {}
    /// Decimal numbers that fit the type without its sign, which comes back as with
    /// attribute_encoder: 4294967295 is -1. Postfix reads blanks, signs and overflows, too, and
    /// sends none.
    wanted_attribute(std::string_view name, std::int32_t& target) : name_(name), target_(&target) {}
    /// The same with 64 bits, a long in Postfix.
    wanted_attribute(std::string_view name, std::int64_t& target) : name_(name), target_(&target) {}
    /// What attribute_encoder::add_data() has sent.
    [[nodiscard]] static wanted_attribute data(std::string_view name, std::string& target);
    /// Must have this value; is not counted (RECV_ATTR_STREQ).
    [[nodiscard]] static wanted_attribute equal(std::string_view name, std::string_view value);
    /// A nested list; or, when none begins here, all attributes up to the end of the list, so that
    /// nothing else can be wanted after it (RECV_ATTR_HASH). At most map_limit entries. The first
    /// of several of one name is taken.
    [[nodiscard]] static wanted_attribute entries(map& target);

    /// As in Postfix.
    static constexpr std::size_t map_limit = 1024;

private:
    friend class attribute_scanner;

    struct data_target {
        std::string* bytes;
    };
    struct expected_value {
        std::string_view text;
    };
    using destination =
        std::variant<std::string*, std::int32_t*, std::int64_t*, data_target, expected_value, map*>;

    wanted_attribute(std::string_view name, destination where) : name_(name), target_(where) {}

    std::string_view name_;
    destination target_;
};

} // namespace postfix_proto
