#include "flushd/tool/check/findings.hpp"

#include <algorithm>

namespace flushd::tool {

std::string_view word_of(finding::level what) {
    switch (what) {
    case finding::level::ok:
        break;
    case finding::level::note:
        return "note";
    case finding::level::warning:
        return "warning";
    case finding::level::error:
        return "error";
    case finding::level::unknown:
        return "unknown";
    }
    return "ok";
}

std::size_t findings::count(level what) const {
    return static_cast<std::size_t>(std::count_if(
        all_.begin(), all_.end(), [what](const auto& one) { return one.what == what; }));
}

void findings::add(level what, std::string text) {
    text = postfix_proto::printable(text);
    if (prints_)
        fmt::print("{}: {}\n", word_of(what), text);
    all_.push_back({what, std::move(text)});
}

} // namespace flushd::tool
