#include "flushd/tool/send/etrn_request.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/run_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace flushd::tool {

using namespace postfix_proto;
using kind = etrn_answer::kind;

namespace {

constexpr std::chrono::seconds connect_limit{10};
constexpr std::size_t output_limit = std::size_t{1} << 20U;

/// A line such as "< 250-mx2.example" of what curl prints.
struct reply_line {
    unsigned code = 0;
    bool is_last = false;
    std::string_view text;
};

std::optional<reply_line> parse_reply(std::string_view line) {
    if (!line.starts_with("< ") || line.size() < 5)
        return std::nullopt;
    line.remove_prefix(2);
    reply_line result;
    const auto [end, error] = std::from_chars(line.data(), line.data() + 3, result.code);
    if (error != std::errc() || end != line.data() + 3)
        return std::nullopt;
    result.is_last = line.size() == 3 || line[3] != '-';
    result.text = trim(line.substr(std::min<std::size_t>(4, line.size())));
    return result;
}

} // namespace

etrn_answer explain_reply(unsigned code, std::string_view text) {
    const auto said = fmt::format("{} {}", code, printable(std::string(text)));
    const auto answer = [&](kind what, std::string_view meaning) {
        return etrn_answer{what, code, fmt::format("{} ({})", meaning, said)};
    };
    switch (code) {
    case 250:
        return answer(kind::accepted, "accepted");
    case 251:
        return answer(kind::accepted, "accepted, but no mail waits there");
    case 252:
    case 253:
        return answer(kind::accepted, "accepted, and mail is being sent");
    case 421:
    case 450:
    case 451:
    case 454:
        return answer(kind::refused_for_now, "refused for now");
    case 458:
        return answer(kind::refused_for_now, "it cannot queue the mail now");
    case 459:
        return answer(kind::refused, "the destination is not eligible there: fast_flush_domains of "
                                     "that host does not name it");
    case 500:
    case 502:
        return answer(kind::refused, "it does not know ETRN");
    case 501:
        return answer(kind::refused, "it does not accept the destination's name");
    case 530:
        return answer(kind::refused, "it wants STARTTLS or AUTH first");
    case 535:
        return answer(kind::refused, "it does not accept the password");
    case 554:
        return answer(kind::refused, "this host may not use ETRN there");
    default:
        break;
    }
    if (code >= 200 && code < 300)
        return answer(kind::accepted, "accepted");
    return code >= 400 && code < 500 ? answer(kind::refused_for_now, "refused for now")
                                     : answer(kind::refused, "refused");
}

std::vector<std::string> curl_arguments(const smtp_host& host, std::string_view site,
                                        const etrn_settings& settings) {
    const auto address =
        host.name.find(':') != std::string::npos ? fmt::format("[{}]", host.name) : host.name;
    // No ~/.curlrc, and no proxy of the environment.
    std::vector<std::string> words{settings.curl,
                                   "--disable",
                                   "--noproxy",
                                   "*",
                                   "--silent",
                                   "--show-error",
                                   "--verbose",
                                   "--output",
                                   "/dev/null",
                                   "--connect-timeout",
                                   fmt::format("{}", connect_limit.count()),
                                   "--max-time",
                                   fmt::format("{}", settings.limit.count())};
    switch (settings.tls) {
    case tls_level::none:
        break;
    case tls_level::may:
        words.insert(words.end(), {"--ssl", "--insecure"});
        break;
    case tls_level::encrypt:
        words.insert(words.end(), {"--ssl-reqd", "--insecure"});
        break;
    case tls_level::verify:
        words.emplace_back("--ssl-reqd");
        break;
    }
    if (!settings.credentials.empty())
        words.insert(words.end(), {"--netrc-file", settings.credentials});
    words.insert(words.end(), {"--request", fmt::format("ETRN {}", site),
                               fmt::format("smtp://{}:{}/{}", address, host.port, settings.hello)});
    return words;
}

etrn_answer read_conversation(std::string_view printed) {
    std::string_view failure;      // curl's own message
    std::optional<reply_line> bad; // the last reply that was a refusal
    std::string etrn_text;
    bool is_asked = false;
    while (!printed.empty()) {
        const auto line = trim(take_line(printed));
        if (line.starts_with("> ETRN ")) {
            is_asked = true;
        } else if (line.starts_with("curl: (")) {
            failure = line.substr(6);
        } else if (const auto reply = parse_reply(line)) {
            if (is_asked) {
                etrn_text += fmt::format("{}{}", etrn_text.empty() ? "" : " ", reply->text);
                if (reply->is_last)
                    return explain_reply(reply->code, etrn_text);
            } else if (reply->code >= 400) {
                bad = reply;
            }
        }
    }
    const auto after = failure.find(") ");
    auto text = printable(std::string(after == std::string_view::npos ? "it does not answer"
                                                                      : failure.substr(after + 2)));
    if (bad)
        text = fmt::format("{} ({} {})", text, bad->code, printable(std::string(bad->text)));
    return {kind::unreachable, 0, text};
}

etrn_answer ask_by_etrn(const smtp_host& host, std::string_view site,
                        const etrn_settings& settings) {
    // curl keeps the limit itself, and this is for when it does not.
    const auto deadline = std::chrono::steady_clock::now() + settings.limit + connect_limit;
    try {
        const auto done = run_program(curl_arguments(host, site, settings), deadline, output_limit);
        return read_conversation(done.errors);
    } catch (const startup_error& error) {
        return {kind::unreachable, 0, error.what()};
    }
}

} // namespace flushd::tool
