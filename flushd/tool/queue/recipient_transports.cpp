#include "flushd/tool/queue/recipient_transports.hpp"

#include "flushd/tool/queue/waiting_groups.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/resolve_client.hpp"

#include <chrono>
#include <unordered_map>
#include <utility>

namespace flushd::tool {

namespace {

constexpr std::chrono::seconds service_patience{100};

using transports_by_name = std::unordered_map<std::string, std::string>;

} // namespace

struct recipient_transports::known {
    postfix_proto::blocking_resolve_client service{{.limit = service_patience}};
    transports_by_name by_address, by_domain;
    std::string domain;

    const std::string& look_up(transports_by_name& names, const std::string& name,
                               std::string_view address) {
        if (const auto found = names.find(name); found != names.end())
            return found->second;
        auto answer = service.query("", std::string(address));
        if (answer.failure)
            throw tool_error(answer.failure->why ==
                                     postfix_proto::service_failure::reason::forbidden
                                 ? "only root may ask for the transports of mail"
                                 : answer.failure->text);
        return names.emplace(name, std::move(answer.transport)).first->second;
    }
};

recipient_transports::recipient_transports() : known_(std::make_unique<known>()) {}
recipient_transports::~recipient_transports() = default;
recipient_transports::recipient_transports(recipient_transports&&) noexcept = default;

const std::string& recipient_transports::of(std::string_view address) {
    return known_->look_up(known_->by_address, std::string(address), address);
}

std::string_view recipient_transports::of(const waiting_message& message,
                                          const waiting_recipient& one) {
    if (!message.content_filter.empty())
        return message.content_filter.substr(0, message.content_filter.find(':'));
    known_->domain.clear();
    append_lower(one.domain, known_->domain);
    return known_->look_up(known_->by_domain, known_->domain, one.address);
}

} // namespace flushd::tool
