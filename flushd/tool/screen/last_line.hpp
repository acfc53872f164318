/// Takes what a command has said last.
#pragma once

#include <string_view>

namespace flushd::tool {

/// The last line that is not empty, without its newline; a part of the text.
[[nodiscard]] inline std::string_view last_line(std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    return text.substr(text.rfind('\n') + 1); // all of it if there is none
}

} // namespace flushd::tool
