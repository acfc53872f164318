/// Decides what an HTTP client of `flushd metrics --listen` is answered.
#pragma once

#include "flushd/tool/metrics/http_request.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// The path of the metrics, as Prometheus expects it.
inline constexpr std::string_view metrics_path = "/metrics";

/// Whether the request is for the metrics. The head must no longer be incomplete.
[[nodiscard]] bool asks_for_metrics(http_request_reader::state state,
                                    const http_request_reader& request);

/// The whole answer to any other request: 404 for another path, 405 for another method, 400 and 431
/// for what cannot be read.
[[nodiscard]] std::string refusal(http_request_reader::state state,
                                  const http_request_reader& request);

/// The answer with the metrics, in Prometheus's text format 0.0.4.
[[nodiscard]] std::string metrics_answer(std::string_view text);

/// The answer while there are none, 503; Prometheus shows the target as down.
[[nodiscard]] std::string no_metrics_answer(std::string_view reason);

} // namespace flushd::tool
