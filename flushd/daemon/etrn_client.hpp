/// Requests delivery from one host by ETRN, over SMTP without TLS and AUTH.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace flushd {

/// A reply of an SMTP server.
struct smtp_reply {
    unsigned code = 0;
    std::string text; ///< of all lines, the first 300 bytes of it

    [[nodiscard]] bool is_good() const { return code >= 200 && code < 300; }
    /// As one line.
    [[nodiscard]] std::string str() const;
};

/// Takes the first reply out of what was received; nothing if more is needed. The error says what
/// is wrong: a line of more than 2048 bytes, more than 64 KiB, or no reply code.
[[nodiscard]] std::optional<postfix_proto::result<smtp_reply, std::string>>
take_reply(std::string& input);

/// What one conversation is to do.
struct etrn_conversation {
    boost::asio::ip::tcp::endpoint host;
    std::string where; ///< what a failure calls the host
    std::string hello; ///< this host's name
    std::string site;  ///< a valid host name, or an address in brackets
};

/// The host's reply to ETRN, whatever it is, or why there is none.
[[nodiscard]] boost::asio::awaitable<postfix_proto::result<smtp_reply, std::string>>
request_by_etrn(boost::asio::io_context& context, etrn_conversation what,
                std::chrono::steady_clock::time_point end);

} // namespace flushd
