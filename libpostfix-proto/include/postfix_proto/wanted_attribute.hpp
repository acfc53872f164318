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

/// The name of an attribute and the target of its value. Both must outlive the scanner.
///
/// In a form that admits NUL bytes, a string ends at the first one, as all strings do in Postfix;
/// data do not.
class wanted_attribute {
public:
    /// The target of entries(): values by name.
    using map = std::map<std::string, std::string, std::less<>>;

    /// A string, which may be empty.
    wanted_attribute(std::string_view name, std::string& target) : name_(name), target_(&target) {}
    /// A decimal number that fits the unsigned type, converted back as by attribute_encoder:
    /// 4294967295 is -1. Postfix also reads blanks, signs and overflows, but sends none.
    wanted_attribute(std::string_view name, std::int32_t& target) : name_(name), target_(&target) {}
    /// The same with 64 bits, a long in Postfix.
    wanted_attribute(std::string_view name, std::int64_t& target) : name_(name), target_(&target) {}
    /// Data, as sent by attribute_encoder::add_data().
    [[nodiscard]] static wanted_attribute data(std::string_view name, std::string& target);
    /// An attribute that must have this value; it is not counted (RECV_ATTR_STREQ).
    [[nodiscard]] static wanted_attribute equal(std::string_view name, std::string_view value);
    /// A nested list or, if none begins here, all attributes up to the end of the list, so nothing
    /// can be wanted after it (RECV_ATTR_HASH). It has at most map_limit entries. Of several
    /// attributes with the same name, the first one is taken.
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
