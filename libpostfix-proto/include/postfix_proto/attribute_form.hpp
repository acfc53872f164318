/// Names the encodings of an attribute list on the wire.
#pragma once

namespace postfix_proto {

/// The three forms in Postfix (util/attr_print0.c, attr_print64.c and attr_print_plain.c; the same
/// from 3.5 to 3.10). A list of `a` = `1` and `b` = nothing is, in
///
///     nul       a NUL 1 NUL b NUL NUL NUL
///     plain     a=1 NEWLINE b= NEWLINE NEWLINE
///     base64    YQ==:MQ== NEWLINE Yg==: NEWLINE NEWLINE
///
/// Nothing on the wire identifies the form; each service has a fixed one.
enum class attribute_form {
    nul,    ///< nearly all of Postfix's own services
    base64, ///< nobody but Postfix's test programs for it; whatever a value holds, it is safe
    plain,  ///< policy delegation (check_policy_service), anvil(8), and what smtp(8) leaves with
            ///< scache(8) about a session; also easy to read and write for a person
};

} // namespace postfix_proto
