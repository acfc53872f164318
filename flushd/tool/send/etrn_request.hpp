/// Requests delivery from another host, by ETRN over SMTP (RFC 1985), with curl(1).
///
/// curl is run, and not linked: a static build would need its libraries, too, and only this needs
/// them.
#pragma once

#include "flushd/core/smtp_host.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// How a connection is protected; the names are those of smtp_tls_security_level.
enum class tls_level {
    none,
    may,     ///< if the host offers STARTTLS; its certificate is not verified
    encrypt, ///< always; its certificate is not verified
    verify,  ///< always, and its certificate must be that of the host
};

struct etrn_settings {
    std::string curl;        ///< the program's path
    std::string hello;       ///< this host's name, for EHLO
    std::string credentials; ///< a netrc file's path, or empty
    tls_level tls = tls_level::may;
    std::chrono::seconds limit{30}; ///< for all of one conversation
};

struct etrn_answer {
    enum class kind {
        accepted,
        refused_for_now, ///< worth another attempt later
        refused,
        unreachable, ///< no answer to ETRN, for whatever reason
    };
    kind what = kind::unreachable;
    unsigned code = 0; ///< of the reply to ETRN; 0 without one
    std::string text;  ///< for a person, what the host has said included
};

/// What a reply means: RFC 1985, section 5, and RFC 5321; and what Postfix's SMTP server says.
[[nodiscard]] etrn_answer explain_reply(unsigned code, std::string_view text);

/// The command line. `site` must be ASCII. Nothing in it is secret.
[[nodiscard]] std::vector<std::string> curl_arguments(const smtp_host& host, std::string_view site,
                                                      const etrn_settings& settings);

/// Finds the answer in what "curl --verbose" has printed.
[[nodiscard]] etrn_answer read_conversation(std::string_view printed);

/// Asks, and waits for the answer. May be called by several threads at once.
[[nodiscard]] etrn_answer ask_by_etrn(const smtp_host& host, std::string_view site,
                                      const etrn_settings& settings);

} // namespace flushd::tool
