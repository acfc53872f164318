/// Folds case, to compare names case-insensitively (Postfix 3.7: util/casefold.c).
#pragma once

#include <string>
#include <string_view>

namespace postfix_proto {

/// Lower-cases the ASCII letters; with `utf8` (smtputf8_enable) and other than ASCII text, does the
/// full Unicode case folding, which may change the length ("ß" becomes "ss").
///
/// Text that is not well-formed UTF-8 has only its ASCII letters lowered, so the result does not
/// depend on what an ICU release makes of such bytes. Throws startup_error where ICU cannot be set
/// up; that happens at the first call for other than ASCII text or never, so a program that calls
/// this after a chroot must call it once before.
[[nodiscard]] std::string casefold(std::string_view text, bool utf8);

} // namespace postfix_proto
