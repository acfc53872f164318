/// Implements tables whose answer does not depend on the key (Postfix 3.7: util/dict_static.c,
/// util/dict_random.c, util/dict_fail.c). They depend on no file.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). "static:" finds every key. The name is the value; `{ a value }` may
/// contain blanks, and is used without the braces and the blanks next to them. Keys are fixed.
[[nodiscard]] opened_table open_static_table(std::string_view type, std::string_view name,
                                             const open_options& options, logger& log);

/// For open_lookup_table(). "randmap:" finds every key. The name is `{value, value ...}`; the
/// result is one of these values at random. Keys are patterns. A malformed or empty name is an
/// error.
[[nodiscard]] opened_table open_random_table(std::string_view type, std::string_view name,
                                             const open_options& options, logger& log);

/// For open_lookup_table(). Every lookup in "fail:" fails, whatever the name. Keys are patterns.
[[nodiscard]] opened_table open_failing_table(std::string_view type, std::string_view name,
                                              const open_options& options, logger& log);

} // namespace postfix_proto
