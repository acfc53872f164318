/// Limits how many coroutines do something at the same time.
#pragma once

#include "postfix_proto/turns.hpp"

namespace flushd {

using postfix_proto::turns;

} // namespace flushd
