// What postconf prints, and values with $names in them.
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/time_value.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto values = postfix_proto::parse_postconf_output(text);
    for (const auto& [name, value] : values) {
        if (name.empty() || name.find('\n') != std::string::npos)
            std::abort();
        static_cast<void>(postfix_proto::parse_time_value(value, 's'));
    }
    static_cast<void>(postfix_proto::substitute_names(text, values));
    return 0;
}
