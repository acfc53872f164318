// {fmt} compiled into an object, for systems that have no libfmt.a: with -fkeep-inline-functions
// all of its functions are in here, and the linker takes those that somebody calls.

#define FMT_HEADER_ONLY
#include <fmt/format.h>
