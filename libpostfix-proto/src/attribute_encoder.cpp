#include "postfix_proto/attribute_encoder.hpp"

#include <utility>

namespace postfix_proto {

namespace {

void append_string(std::string& bytes, std::string_view text) {
    bytes += text.substr(0, text.find('\0'));
    bytes += '\0';
}

} // namespace

attribute_encoder& attribute_encoder::add(std::string_view name, std::string_view value) {
    append_string(bytes_, name);
    append_string(bytes_, value);
    return *this;
}

attribute_encoder& attribute_encoder::add(std::string_view name, std::int32_t value) {
    return add(name, std::to_string(static_cast<std::uint32_t>(value)));
}

std::string attribute_encoder::finish() {
    bytes_ += '\0';
    return std::exchange(bytes_, {});
}

} // namespace postfix_proto
