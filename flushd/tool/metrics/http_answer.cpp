#include "flushd/tool/metrics/http_answer.hpp"

#include <fmt/format.h>

namespace flushd::tool {

namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

/// Each connection has one request, so a client that is done holds no place. `fields` are further
/// lines of the head.
std::string answer(std::string_view status, std::string_view type, std::string_view body,
                   std::string_view fields = {}) {
    return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
                       "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                       "Connection: close\r\n{}\r\n{}",
                       status, type, body.size(), fields, body);
}

} // namespace

bool asks_for_metrics(http_request_reader::state state, const http_request_reader& request) {
    return state == http_request_reader::state::complete && request.method() == "GET" &&
           request.path() == metrics_path;
}

std::string refusal(http_request_reader::state state, const http_request_reader& request) {
    using state_of = http_request_reader::state;
    if (state == state_of::too_long)
        return answer("431 Request Header Fields Too Large", plain_text, "The head is too long.\n");
    if (state != state_of::complete)
        return answer("400 Bad Request", plain_text, "Not an HTTP request.\n");
    if (request.path() != metrics_path)
        return answer("404 Not Found", plain_text, "The metrics are at /metrics.\n");
    return answer("405 Method Not Allowed", plain_text, "Only GET.\n", "Allow: GET\r\n");
}

std::string metrics_answer(std::string_view text) {
    return answer("200 OK", prometheus_text, text);
}

std::string no_metrics_answer(std::string_view reason) {
    return answer("503 Service Unavailable", plain_text, fmt::format("No metrics: {}\n", reason));
}

} // namespace flushd::tool
