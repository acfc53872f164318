// The text that texthash: and other tables are written in.
#include "postfix_proto/log.hpp"
#include "postfix_proto/logical_lines.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    postfix_proto::logger log(nullptr);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    int last = 0;
    for (const auto& line : postfix_proto::split_logical_lines(text, "fuzzed", log)) {
        if (static_cast<int>(line.number) <= last)
            std::abort(); // lines are numbered upwards
        last = static_cast<int>(line.number);
    }
    return 0;
}
