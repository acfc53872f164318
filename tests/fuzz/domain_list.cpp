// A list of domains that names no files (the fuzzer must not wander through the file system), and a
// name to look up in it: the first line is the list, the second the name.
#include "postfix_proto/domain_list.hpp"
#include "postfix_proto/domain_name.hpp"
#include "postfix_proto/errors.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace postfix_proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const domain_to_ascii to_ascii;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto end = text.find('\n');
    const auto list = text.substr(0, end);
    const auto name = end == std::string_view::npos ? text : text.substr(end + 1);
    if (list.find('/') == std::string_view::npos && list.find("hash:") == std::string_view::npos &&
        list.find("btree:") == std::string_view::npos) {
        logger log(nullptr);
        try {
            domain_list domains("fuzzed", list,
                                {.match_parents = size % 2 == 0,
                                 .utf8 = size % 3 != 0,
                                 .open_error_is_fatal = false,
                                 .patience = std::chrono::milliseconds(1)},
                                log);
            static_cast<void>(domains.match(name));
        } catch (const startup_error&) {
        }
    }
    static_cast<void>(to_ascii(name));
    static_cast<void>(is_address_literal(name));
    return 0;
}
