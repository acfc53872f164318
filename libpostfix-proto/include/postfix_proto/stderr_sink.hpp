/// Writes log records to standard error, for -V and for programs that a person runs.
#pragma once

#include "postfix_proto/log.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Writes `name: text` or `name: label: text`, each record with one write(2), as util/msg_vstream.c
/// does (Postfix 3.7). Failures are not reported. A line waits for a reader that is behind as a
/// record of postlog_sink does, and then is lost. Thread-safe.
class stderr_sink : public log_sink {
public:
    /// `name` begins each line.
    explicit stderr_sink(std::string name);
    ~stderr_sink() override;

    void write(severity level, std::string_view text) noexcept override;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace postfix_proto
