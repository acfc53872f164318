#include "flushd/tool/metrics/metric_text.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <iterator>

namespace flushd::tool {

namespace {

// As long as a domain name may be.
constexpr std::size_t longest_value = 255;

} // namespace

void metric_text::begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void metric_text::series(std::int64_t value, std::string_view labels) {
    series_text(fmt::format("{}", value), labels);
}

void metric_text::series_text(std::string_view value, std::string_view labels) {
    text_ += name_;
    if (!labels.empty())
        fmt::format_to(std::back_inserter(text_), "{{{}}}", labels);
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void metric_text::gauge(std::string_view name, std::string_view help, std::int64_t value) {
    begin(name, "gauge", help);
    series(value);
}

std::string metric_label(std::string_view name, std::string_view value) {
    std::string result(name);
    result += "=\"";
    // printable() leaves no half of a character and no newline.
    for (const char c : postfix_proto::printable(value.substr(0, longest_value))) {
        if (c == '\\' || c == '"')
            result += '\\';
        result += c;
    }
    result += '"';
    return result;
}

} // namespace flushd::tool
