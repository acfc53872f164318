/// Tells whether the service still has a send under way.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/postfix/instance.hpp"

namespace flushd::tool {

/// What $data_directory/flushd.sends says of a site: see unfinished_sends. A send that is moved at
/// once is never recorded.
enum class send_state {
    none,
    left_behind, ///< by a process that has ended; the next one takes it over
    under_way,
};
[[nodiscard]] send_state recorded_send(const instance& postfix, const logfile_name& file);

} // namespace flushd::tool
