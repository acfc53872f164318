// The one place that knows which Catch2 this is: 2.13 on Debian 12, 3 on Debian 13.
#pragma once

#ifdef FLUSHD_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
