/// Tells the transport that delivers to a recipient.
#pragma once

#include "flushd/tool/queue/waiting_message.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Asks trivial-rewrite(8), and remembers what it has said. Only root and mail_owner may; a
/// transport that depends on the sender is not looked at.
class recipient_transports {
public:
    recipient_transports();
    ~recipient_transports();
    recipient_transports(recipient_transports&&) noexcept;
    recipient_transports& operator=(recipient_transports&&) = delete;

    /// The transport for this address. Throws tool_error when there is no answer. Valid as long as
    /// this object.
    [[nodiscard]] const std::string& of(std::string_view address);

    /// The transport of a waiting message: that of its content filter, or of the first address with
    /// this domain, so that there is one question for a domain and not one for each address. A
    /// transport_maps entry for a single address is therefore not noticed.
    [[nodiscard]] std::string_view of(const waiting_message& message, const waiting_recipient& one);

private:
    struct known;
    std::unique_ptr<known> known_;
};

} // namespace flushd::tool
