/// Asio's coroutines.
#pragma once

#include "postfix_proto/boost_version.hpp"

#include <utility> // Boost 1.74's header uses std::exchange() and does not include it

#include <boost/asio/awaitable.hpp>
