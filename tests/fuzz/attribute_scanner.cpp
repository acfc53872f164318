// A scanner finds the same wherever the bytes are split, no more than it asked for, and what it has
// found it finds again in a list that is made of it. The first byte tells the form and the flags.
#include "postfix_proto/attribute_scanner.hpp"
#include "postfix_proto/attribute_encoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace postfix_proto;
using progress = attribute_scanner::progress;

namespace {

struct found {
    std::string text, data, reason;
    std::int32_t number = 0;
    std::int64_t long_number = 0;
    wanted_attribute::map entries;
    std::size_t count = 0, rest = 0;
    progress result = progress::need_more;

    bool operator==(const found&) const = default;
};

found scan(attribute_form form, scan_flags flags, std::string_view first, std::string_view second) {
    found result;
    attribute_decoder decoder(1000, form);
    attribute_scanner scanner({wanted_attribute::equal("p", "x"),
                               {"n", result.number},
                               {"l", result.long_number},
                               {"t", result.text},
                               wanted_attribute::data("d", result.data),
                               wanted_attribute::entries(result.entries)},
                              flags);
    result.result = scanner.feed(decoder, first);
    if (result.result == progress::need_more) {
        if (!first.empty())
            std::abort();
        result.result = scanner.feed(decoder, second);
    }
    result.rest = first.size() + second.size();
    result.count = scanner.count();
    result.reason = scanner.reason();
    if ((result.result == progress::malformed) != !result.reason.empty() &&
        !(flags.extra && result.result == progress::complete))
        std::abort();
    if (result.entries.size() > wanted_attribute::map_limit || result.count < result.entries.size())
        std::abort();
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const auto form = static_cast<attribute_form>(data[0] % 3);
    const unsigned bits = data[0] / 3U;
    const scan_flags flags{
        .missing = (bits & 1U) != 0, .extra = (bits & 2U) != 0, .more = (bits & 4U) != 0};
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = scan(form, flags, bytes, "");
    const std::size_t split = (bits + 85U * data[size / 2]) % size;
    if (scan(form, flags, bytes.substr(0, split), bytes.substr(split)) != whole)
        std::abort();
    if (whole.result != progress::complete || !flags.missing || !whole.reason.empty())
        return 0;
    attribute_encoder encoder(form);
    encoder.add("p", "x")
        .add("n", whole.number)
        .add("l", whole.long_number)
        .add("t", whole.text)
        .add_data("d", whole.data)
        .open();
    for (const auto& [name, value] : whole.entries)
        encoder.add(name, value);
    const auto again = scan(form, scan_strictly, encoder.close().finish(), "");
    if (again.result != progress::complete || again.text != whole.text ||
        again.data != whole.data || again.number != whole.number ||
        again.long_number != whole.long_number)
        std::abort();
    // Not all names can be sent in all forms.
    for (const auto& [name, value] : again.entries)
        if (whole.entries.at(name) != value)
            std::abort();
    return 0;
}
