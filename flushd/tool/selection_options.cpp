#include "flushd/tool/selection_options.hpp"

namespace flushd::tool {

namespace {

using kind = mail_selection::kind;

struct criterion_option {
    mail_selection::kind kind;
    const char* names;
    const char* value;
    const char* description;
};

constexpr criterion_option criterion_options[] = {
    {kind::to, "--to", "PATTERN", "Mail to these addresses, or domains if there is no @"},
    {kind::from, "--from", "PATTERN", "Mail from these; '<>' is the mail system's own"},
    {kind::relay, "--relay", "PATTERN", "Mail whose last attempt was with this host"},
    {kind::mx, "--mx", "PATTERN", "Mail whose domain has such an MX host, looked up now"},
    {kind::reason, "--reason", "PATTERN", "Mail deferred for this reason, or a part of it"},
    {kind::transport, "--transport", "PATTERN", "Mail that this transport of master.cf delivers"},
    {kind::older_than, "--older-than", "TIME", "Mail that arrived longer ago"},
    {kind::larger_than, "--larger-than", "SIZE", "Mail of more bytes, or K, M or G"},
};

} // namespace

void add_selection_options(command_options& command, mail_selection& selection,
                           const std::string& heading,
                           std::initializer_list<mail_selection::kind> kinds) {
    for (const auto& [what, names, value, description] : criterion_options)
        for (const auto wanted : kinds)
            if (wanted == what)
                command.repeated({names, description, heading}, value,
                                 [&selection, wanted](const std::string& text) {
                                     return selection.add(wanted, text);
                                 });
    command.repeated(
        {"--not", "Not the mail that KIND, one of the above, describes", heading}, "KIND=PATTERN",
        [&selection](const std::string& text) { return selection.add_exclusion(text); });
}

} // namespace flushd::tool
