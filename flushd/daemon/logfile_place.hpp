/// Finds a logfile, even at another depth than that of the configured queue layout.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/daemon/logfile.hpp"

#include "postfix_proto/queue_path.hpp"

namespace flushd {

/// Opens the site's logfile. With `flush` in hash_queue_names, a reload with another
/// hash_queue_depth makes postsuper(1) rename all logfiles, in the background: one that is still
/// in the old place is used there, since a second one in the new place would be overwritten. Only
/// where there is none is it made.
[[nodiscard]] postfix_proto::result<logfile> open_logfile(const postfix_proto::queue_layout& layout,
                                                          const logfile_name& site,
                                                          logfile::missing when_missing);

} // namespace flushd
