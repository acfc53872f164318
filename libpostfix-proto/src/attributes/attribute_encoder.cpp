#include "postfix_proto/attribute_encoder.hpp"

#include "attributes/base64.hpp"

#include <utility>

namespace postfix_proto {

namespace {

// Postfix 3.5 to 3.10 puts a NUL between the brace and the newline of the plain form; its readers,
// whose strings end at a NUL, take it with and without.
constexpr std::string_view opening = "{";
constexpr std::string_view closing = "}";

std::string_view up_to(std::string_view text, std::string_view ends) {
    return text.substr(0, text.find_first_of(ends));
}

} // namespace

void attribute_encoder::add_pair(std::string_view name, std::string_view value) {
    using namespace std::string_view_literals;
    name = up_to(name, form_ == attribute_form::plain ? "\0\n="sv : "\0"sv);
    if (name.empty() || (is_nested_ && form_ == attribute_form::nul && name == closing))
        return;
    switch (form_) {
    case attribute_form::nul:
        ((bytes_ += name) += '\0') += value;
        bytes_ += '\0';
        break;
    case attribute_form::base64:
        ((bytes_ += encode_base64(name)) += ':') += encode_base64(value);
        bytes_ += '\n';
        break;
    case attribute_form::plain:
        ((bytes_ += name) += '=') += up_to(value, "\n");
        bytes_ += '\n';
        break;
    }
}

attribute_encoder& attribute_encoder::add(std::string_view name, std::string_view value) {
    add_pair(name, value.substr(0, value.find('\0')));
    return *this;
}

attribute_encoder& attribute_encoder::add(std::string_view name, std::int32_t value) {
    return add(name, std::to_string(static_cast<std::uint32_t>(value)));
}

attribute_encoder& attribute_encoder::add(std::string_view name, std::int64_t value) {
    return add(name, std::to_string(static_cast<std::uint64_t>(value)));
}

attribute_encoder& attribute_encoder::add_data(std::string_view name, std::string_view bytes) {
    if (form_ == attribute_form::base64) // encodes everything as it is
        add_pair(name, bytes);
    else
        add_pair(name, encode_base64(bytes));
    return *this;
}

attribute_encoder& attribute_encoder::open() {
    bytes_ += form_ == attribute_form::base64 ? encode_base64(opening) : opening;
    bytes_ += form_ == attribute_form::nul ? '\0' : '\n';
    is_nested_ = true;
    return *this;
}

attribute_encoder& attribute_encoder::close() {
    bytes_ += form_ == attribute_form::base64 ? encode_base64(closing) : closing;
    bytes_ += form_ == attribute_form::nul ? '\0' : '\n';
    is_nested_ = false;
    return *this;
}

std::string attribute_encoder::finish() {
    bytes_ += form_ == attribute_form::nul ? '\0' : '\n';
    is_nested_ = false;
    return take();
}

std::string attribute_encoder::take() { return std::exchange(bytes_, {}); }

} // namespace postfix_proto
