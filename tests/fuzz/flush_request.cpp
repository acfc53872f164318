// A request is what it is, wherever the bytes are split, and is bounded.
#include "postfix_proto/flush_request.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace postfix_proto;

namespace {

struct describe {
    std::string operator()(const flush_request& r) const { return encode(r); }
    std::string operator()(const flush_request_decoder::malformed&) const { return "malformed"; }
    std::string operator()(const flush_request_decoder::unknown& r) const { return "?" + r.name; }
};

std::string decode(std::string_view first, std::string_view second) {
    flush_request_decoder decoder;
    for (const auto piece : {first, second})
        if (!piece.empty())
            if (const auto result = decoder.feed(piece))
                return std::visit(describe{}, *result);
    return std::visit(describe{}, decoder.end_of_input());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = decode(bytes, "");
    // What a first read of one or two bytes means differs on purpose.
    if (size > 3) {
        const std::size_t split = 3 + data[0] % (size - 3);
        if (decode(bytes.substr(0, split), bytes.substr(split)) != whole)
            std::abort();
    }
    return 0;
}
