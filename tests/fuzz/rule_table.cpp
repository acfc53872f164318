// The files of cidr:, pcre: and texthash: tables, and what is found in them. The first byte tells
// the type. (regexp: has the same reader and leaves the patterns to regcomp(3), which may take its
// time.)
#include "postfix_proto/lookup_table.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

const std::string& path() {
    static const std::string name = "/tmp/flushd-fuzz-" + std::to_string(::getpid());
    return name;
}

void remove_file() { ::unlink(path().c_str()); }

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const int registered = std::atexit(remove_file);
    if (size == 0 || size > 4096 || registered != 0)
        return 0;
    constexpr std::string_view types[] = {"cidr:", "pcre:", "texthash:"};
    std::ofstream(path(), std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(data) + 1, static_cast<std::streamsize>(size - 1));
    postfix_proto::logger log(nullptr);
    postfix_proto::open_options options;
    options.utf8 = (data[0] & 0x80U) != 0;
    const auto table = postfix_proto::open_lookup_table(
        std::string(types[data[0] % std::size(types)]) + path(), options, log);
    for (const char* key : {"192.0.2.1", "2001:db8::1", "customer.tld", "a.b.customer.tld", ""})
        static_cast<void>(table->find(key));
    return 0;
}
