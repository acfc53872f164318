#include "flushd/tool/log/log_report.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace flushd::tool {

namespace {

nlohmann::ordered_json json_of(const send_record& send, uid_t mail_owner) {
    nlohmann::ordered_json uid;
    if (send.user)
        uid = *send.user;
    nlohmann::ordered_json reason;
    if (!send.reason.empty())
        reason = send.reason;
    return {{"number", send.number},
            {"time", send.asked},
            {"site", send.site},
            {"asked_by", requester_of(send, mail_owner)},
            {"uid", std::move(uid)},
            {"resumed", send.is_resumed},
            {"moved", send.moved},
            {"missing", send.missing},
            {"held", send.held},
            {"duplicate", send.duplicate},
            {"failed", send.failed},
            {"left", send.left},
            {"delivered", send.delivered},
            {"bounced", send.bounced},
            {"gone", send.gone},
            {"deferred", send.deferred},
            {"in_delivery", send.in_delivery},
            {"seconds", std::chrono::duration<double>(send.took).count()},
            {"reason", std::move(reason)}};
}

} // namespace

std::string log_json(const log_report& all) {
    auto sends = nlohmann::ordered_json::array();
    for (const auto& send : all.sends)
        sends.push_back(json_of(send, all.mail_owner));
    const nlohmann::ordered_json result{{"time", all.now}, {"sends", std::move(sends)}};
    return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace flushd::tool
