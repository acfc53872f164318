// A list means the same wherever its bytes are split, in each form; and written anew it means what
// it meant. The first byte tells the form.
#include "postfix_proto/attribute_decoder.hpp"
#include "postfix_proto/attribute_encoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace postfix_proto;

namespace {

constexpr std::size_t string_limit = 64;

struct item {
    enum class kind { pair, bare_name, end } what;
    std::string name, value;

    bool operator==(const item&) const = default;
};

struct meaning {
    std::vector<item> items;
    std::string ending; // why there is no more

    bool operator==(const meaning&) const = default;
};

meaning decode(attribute_form form, std::string_view first, std::string_view second,
               std::size_t limit) {
    attribute_decoder decoder(limit, form);
    meaning result;
    bool has_value = false;
    for (auto input : {first, second})
        for (;;) {
            const auto size = input.size();
            const auto event = decoder.next(input);
            if (std::holds_alternative<attribute_decoder::need_more>(event)) {
                if (!input.empty())
                    std::abort();
                break;
            }
            if (std::holds_alternative<attribute_decoder::too_long>(event)) {
                result.ending = "too long";
                return result;
            }
            if (std::holds_alternative<attribute_decoder::malformed>(event)) {
                result.ending = "malformed";
                return result;
            }
            if (input.size() >= size)
                std::abort(); // no byte, no event
            if (const auto* name = std::get_if<attribute_decoder::name>(&event)) {
                if (has_value || name->text.size() > limit)
                    std::abort();
                has_value = name->has_value;
                result.items.push_back({has_value ? item::kind::pair : item::kind::bare_name,
                                        std::string(name->text), ""});
            } else if (const auto* value = std::get_if<attribute_decoder::value>(&event)) {
                if (!has_value || value->text.size() > limit)
                    std::abort();
                has_value = false;
                result.items.back().value = value->text;
            } else {
                if (has_value)
                    std::abort();
                result.items.push_back({item::kind::end, "", ""});
            }
        }
    if (has_value)
        result.ending = "no value";
    return result;
}

std::string encode(attribute_form form, const meaning& what) {
    attribute_encoder encoder(form);
    std::string bytes;
    for (const auto& each : what.items) {
        if (each.what == item::kind::pair)
            encoder.add(each.name, each.value);
        else if (each.what == item::kind::end)
            bytes += encoder.finish();
        else if (each.name == "{")
            encoder.open();
        else if (each.name == "}")
            encoder.close();
    }
    return bytes + encoder.take();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const auto form = static_cast<attribute_form>(data[0] % 3);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = decode(form, bytes, "", string_limit);
    const std::size_t split = (data[0] / 3U + 85U * data[size / 2]) % size;
    if (decode(form, bytes.substr(0, split), bytes.substr(split), string_limit) != whole)
        std::abort();
    // What an encoder leaves out or cuts off it does once.
    const auto again = encode(form, whole);
    const auto understood = decode(form, again, "", 2 * string_limit);
    if (!understood.ending.empty() || encode(form, understood) != again)
        std::abort();
    if (form == attribute_form::nul && whole.ending.empty() && understood != whole)
        std::abort();
    return 0;
}
