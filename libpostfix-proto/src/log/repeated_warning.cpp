#include "postfix_proto/repeated_warning.hpp"

#include <algorithm>

namespace postfix_proto {

void repeated_warning::write(std::string text) {
    const auto now = std::chrono::steady_clock::now();
    if (now - begin_ >= interval_) {
        begin_ = now;
        written_.clear();
    }
    if (written_.size() >= most_at_once ||
        std::find(written_.begin(), written_.end(), text) != written_.end()) {
        ++left_out_;
        last_ = std::move(text);
        return;
    }
    written_.push_back(std::move(text));
    if (left_out_ == 0) {
        log_.write(severity::warning, written_.back());
        return;
    }
    log_.warning("{} -- {} such warnings were suppressed", written_.back(), left_out_);
    left_out_ = 0;
}

repeated_warning::~repeated_warning() {
    if (left_out_ == 0)
        return;
    try {
        log_.warning("{} -- {} such warnings were suppressed", last_, left_out_);
    } catch (const std::exception&) { // out of memory for the warning
    }
}

} // namespace postfix_proto
