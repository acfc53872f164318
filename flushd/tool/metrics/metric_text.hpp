/// Writes Prometheus's text format, version 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Appends metrics to a text. All series of a metric must be together, so each begin() starts
/// another one.
class metric_text {
public:
    /// Begins a metric: its whole name, its type (counter or gauge) and one sentence about it.
    void begin(std::string_view name, std::string_view type, std::string_view help);

    /// Adds a series of the current metric. `labels` are written as they are, such as `a="b"`.
    void series(std::int64_t value, std::string_view labels = {});
    /// The same for a value that is not a whole number.
    void series_text(std::string_view value, std::string_view labels = {});

    /// A metric with one series.
    void gauge(std::string_view name, std::string_view help, std::int64_t value);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string name_;
    std::string text_;
};

/// `name="value"`. What others have written becomes safe: quotes, backslashes and newlines are
/// escaped, bytes that are not UTF-8 are replaced, and a value ends after 255 bytes.
[[nodiscard]] std::string metric_label(std::string_view name, std::string_view value);

} // namespace flushd::tool
