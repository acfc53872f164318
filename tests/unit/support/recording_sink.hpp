// Log records kept for a test to look at. Outlive the logger with the lines, not with the sink:
//
//     recorded_log lines;
//     logger log(lines.sink());
#pragma once

#include "postfix_proto/log.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

class recorded_log {
public:
    [[nodiscard]] std::unique_ptr<postfix_proto::log_sink> sink() {
        return std::make_unique<recording_sink>(*this);
    }

    /// Each as "severity: text", info as the bare text.
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    [[nodiscard]] bool contains(std::string_view part) const {
        return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
            return line.find(part) != std::string::npos;
        });
    }
    void clear() { lines_.clear(); }

private:
    class recording_sink final : public postfix_proto::log_sink {
    public:
        explicit recording_sink(recorded_log& log) : log_(log) {}
        void write(postfix_proto::severity level, std::string_view text) noexcept override {
            try {
                std::string line(postfix_proto::severity_label(level));
                if (!line.empty())
                    line += ": ";
                log_.lines_.push_back(line.append(text));
            } catch (const std::bad_alloc&) { // a test may want it
            }
        }

    private:
        recorded_log& log_;
    };

    std::vector<std::string> lines_;
};
