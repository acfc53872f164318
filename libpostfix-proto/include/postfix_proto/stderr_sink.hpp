/// Log records on standard error, for -V and for programs that a person runs.
#pragma once

#include "postfix_proto/log.hpp"

#include <string>
#include <string_view>

namespace postfix_proto {

/// Writes `name: text` or `name: label: text`, each record with one write(2), as util/msg_vstream.c
/// does (Postfix 3.7). Failures are not reported. Thread-safe.
class stderr_sink : public log_sink {
public:
    /// `name` begins each line.
    explicit stderr_sink(std::string name) : name_(std::move(name)) {}

    void write(severity level, std::string_view text) noexcept override;

private:
    std::string name_;
};

} // namespace postfix_proto
