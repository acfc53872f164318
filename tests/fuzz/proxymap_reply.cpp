// What proxymap(8) says. The first byte tells which reply is expected, and of which release.
#include "postfix_proto/proxymap_protocol.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using postfix_proto::proxymap_reply;
using progress = proxymap_reply::progress;

namespace {

progress feed(proxymap_reply& reply, std::string_view bytes, std::size_t piece) {
    postfix_proto::reply_decoder lists(postfix_proto::proxymap_protocol_name);
    auto result = progress::need_more;
    while (!bytes.empty() && result == progress::need_more) {
        std::string_view now = bytes.substr(0, piece);
        bytes.remove_prefix(now.size());
        result = reply.feed(lists, now);
    }
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const auto what = static_cast<proxymap_reply::expected>(data[0] % 2);
    const auto form = static_cast<postfix_proto::proxymap_form>(data[0] / 2 % 2);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    proxymap_reply at_once(what, form);
    proxymap_reply by_byte(what, form);
    // However the bytes are split, they mean the same.
    if (feed(at_once, bytes, bytes.size()) != feed(by_byte, bytes, 1) ||
        at_once.status() != by_byte.status() || at_once.table_flags() != by_byte.table_flags() ||
        at_once.value() != by_byte.value())
        std::abort();
    return 0;
}
