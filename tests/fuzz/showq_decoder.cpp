// A queue listing is what it is, wherever the bytes are split; each message begins and ends, and a
// recipient is in one.
#include "postfix_proto/showq_decoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace postfix_proto;

namespace {

std::string decode(std::string_view first, std::string_view second) {
    using event = showq_decoder::event;
    showq_decoder decoder;
    std::string told;
    bool in_message = false;
    for (auto input : {first, second})
        for (bool more = true; more;) {
            switch (decoder.next(input)) {
            case event::need_more:
                if (!input.empty())
                    std::abort();
                more = false;
                break;
            case event::message: {
                if (in_message)
                    std::abort();
                in_message = true;
                const auto& m = decoder.message();
                told += m.queue_name + ' ' + m.id.str() + ' ' + std::to_string(m.arrival_time) +
                        ' ' + std::to_string(m.size) + (m.forced_expire ? " # " : " ") + m.sender;
                break;
            }
            case event::recipient: {
                if (!in_message)
                    std::abort();
                const auto& r = decoder.recipient();
                told += '<' + r.address + ' ' + r.log_class + ' ' + r.reason + '>';
                break;
            }
            case event::end_of_message:
                if (!in_message)
                    std::abort();
                in_message = false;
                break;
            case event::end_of_list:
                if (in_message)
                    std::abort();
                return told + "end";
            case event::malformed:
                return told + decoder.reason();
            }
        }
    return told;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = decode(bytes, "");
    if (size > 0) {
        const std::size_t split = (data[0] + 256U * data[size / 2]) % size;
        if (decode(bytes.substr(0, split), bytes.substr(split)) != whole)
            std::abort();
    }
    return 0;
}
