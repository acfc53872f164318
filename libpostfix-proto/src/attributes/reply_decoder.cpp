#include "postfix_proto/reply_decoder.hpp"

#include "attributes/attribute_text.hpp"

#include <fmt/format.h>

namespace postfix_proto {

namespace {

constexpr std::string_view attribute_protocol = "protocol";

} // namespace

reply_decoder::event reply_decoder::next(std::string_view& input) {
    for (;;) {
        const auto found = attributes_.next(input);
        const event as_it_is = std::visit([](const auto& e) { return event(e); }, found);
        if (state_ == state::open || std::holds_alternative<need_more>(found) ||
            std::holds_alternative<too_long>(found) || std::holds_alternative<malformed>(found))
            return as_it_is;
        if (state_ == state::start) {
            const auto* first = std::get_if<name>(&found);
            if (first == nullptr || first->text != attribute_protocol) {
                state_ = state::open;
                return as_it_is;
            }
            state_ = state::protocol_name;
        } else if (state_ == state::protocol_name) {
            const auto* announced = std::get_if<value>(&found); // a line may have none
            if (announced == nullptr || announced->text != protocol_)
                return wrong_protocol{announced != nullptr ? announced->text : ""};
            state_ = state::announcement;
        } else if (std::holds_alternative<end_of_list>(found)) {
            state_ = state::open;
        }
    }
}

std::string describe(const reply_decoder::wrong_protocol& wrong, std::string_view expected) {
    return fmt::format("unexpected protocol {} (expecting {})", quote_for_log(wrong.announced),
                       expected);
}

} // namespace postfix_proto
