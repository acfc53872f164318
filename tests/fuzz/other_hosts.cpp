// What another host or a name server sends: any reply of SMTP is taken the same in one piece and
// byte by byte, within its bounds; any answer of the DNS gives only addresses of the kind asked
// for.
#include "flushd/daemon/etrn_client.hpp"
#include "flushd/daemon/host_lookup.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace flushd;

namespace {

constexpr std::size_t longest_text = 300;

void check(bool is_so) {
    if (!is_so)
        std::abort();
}

void take_replies(std::string_view bytes) {
    std::string whole(bytes), piece;
    std::size_t fed = 0;
    while (true) {
        const auto left = whole.size();
        const auto reply = take_reply(whole);
        // The first byte that completes a reply, or that no reply may have, is the last one needed.
        auto fed_one = take_reply(piece);
        while (!fed_one && fed < bytes.size()) {
            piece += bytes[fed++];
            fed_one = take_reply(piece);
        }
        check(reply.has_value() == fed_one.has_value());
        if (!reply)
            return;
        check(reply->has_value() == fed_one->has_value());
        if (!*reply)
            return;
        check((*reply)->code == (*fed_one)->code && (*reply)->text == (*fed_one)->text);
        check((*reply)->code <= 999 && (*reply)->text.size() <= longest_text);
        check(whole.size() < left);
    }
}

void decode(std::string_view bytes) {
    constexpr std::string_view name = "mx2.example";
    for (const auto type : {address_record::ipv4, address_record::ipv6}) {
        // The answer is to a question that was asked, which chance would hardly find.
        const std::uint16_t id =
            bytes.size() < 2
                ? 0
                : static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) * 256U +
                                             static_cast<unsigned char>(bytes[1]));
        auto answer = encode_question(id, name, type);
        answer[2] = static_cast<char>(0x80); // an answer
        if (bytes.size() > 3) {
            answer[3] = bytes[2];
            answer[7] = bytes[3]; // so many records
        }
        answer += bytes.substr(std::min<std::size_t>(bytes.size(), 4));
        for (const auto what : {bytes, std::string_view(answer)}) {
            const auto found = decode_answer(what, id, name, type);
            check(found.addresses.size() <= 8);
            check(found.what == address_answer::kind::known || found.addresses.empty());
            for (const auto& one : found.addresses)
                check(one.is_v4() == (type == address_record::ipv4));
        }
        check(decode_answer(answer, static_cast<std::uint16_t>(id + 1U), name, type).what ==
              address_answer::kind::none);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    take_replies(bytes.substr(0, 8192)); // byte by byte costs the square of it
    decode(bytes);
    return 0;
}
