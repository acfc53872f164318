#include "flushd/tool/send/send_options.hpp"

#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/selection_options.hpp"

#include "postfix_proto/file_io.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <sstream>

namespace flushd::tool {

namespace {

constexpr std::size_t longest_input = std::size_t{64} << 20U;

using kind = mail_selection::kind;

} // namespace

void sort_words(const std::string& text, std::vector<std::string>& sites,
                std::vector<std::string>& ids) {
    std::istringstream input(text);
    for (std::string word; input >> word;) {
        if (word.find_first_of("._[") != std::string::npos) {
            sites.push_back(word);
            continue;
        }
        if (word.size() > 1 && (word.back() == '*' || word.back() == '!' || word.back() == '#'))
            word.pop_back();
        ids.push_back(word);
    }
}

void send_options::add_to(command_options& command) {
    const std::string heading = "Selection";
    command.arguments("SITE", sites,
                      "Send the mail for these destinations; - reads them, and IDs, from standard "
                      "input");
    command.flag({"--all", "Send for every destination with listed mail", heading}, all);
    command.texts({"--id", "Send this message, listed or not; may be repeated", heading}, "ID",
                  ids);
    add_selection_options(command, selection, heading,
                          {kind::to, kind::from, kind::relay, kind::mx, kind::reason,
                           kind::transport, kind::older_than, kind::larger_than});
    command.flag({"--release", "Release the messages that are on hold, and send them", heading},
                 release);
    command.flag({"--dry-run", "Only show what would be sent", heading}, dry_run);
    command.flag(
        {"-w,--wait", "Wait until each message has been tried, and report the result", "Waiting"},
        wait);
    how.add_to(command);
    add_paced_options(command, paced);
    add_other_hosts_options(command, others);
}

void send_options::read_words() {
    if (std::erase(sites, "-") == 0)
        return;
    const auto text = postfix_proto::read_to_end(STDIN_FILENO, longest_input);
    if (!text)
        throw tool_error("cannot read standard input: " + text.error().message(), EX_NOINPUT);
    sort_words(*text, sites, ids);
    if (sites.empty() && ids.empty())
        throw tool_error("standard input has no word", EX_NOINPUT);
}

void send_options::check() const {
    const bool is_chosen = !selection.is_empty();
    if (sites.empty() && ids.empty() && !all && !is_chosen)
        throw tool_error("specify SITE..., --all, --id ID, or what else is to be sent", EX_USAGE);
    if (all && (!sites.empty() || !ids.empty()))
        throw tool_error("--all cannot be combined with SITE and --id", EX_USAGE);
    if (!sites.empty() && !ids.empty() && chooses())
        throw tool_error("SITE and --id can be combined only without other criteria, --release and "
                         "--dry-run",
                         EX_USAGE);
    if (all && chooses() && !is_chosen)
        throw tool_error("--all cannot be combined with --release and --dry-run", EX_USAGE);
    if (const auto* const mistake = paced.mistake())
        throw tool_error(mistake, EX_USAGE);
    if (paced.cancel && (sites.empty() || !ids.empty() || chooses()))
        throw tool_error("--cancel needs SITE, and stands alone", EX_USAGE);
    if (const auto* const mistake = others.mistake(!sites.empty()))
        throw tool_error(mistake, EX_USAGE);
    // ETRN tells a destination, and nothing else.
    if (others.are_used() && (chooses() || paced.cancel))
        throw tool_error("--host can be combined with neither --cancel nor other criteria than "
                         "SITE",
                         EX_USAGE);
    if (paced.cancel && how.json)
        throw tool_error("--json cannot be combined with --cancel", EX_USAGE);
    if (paced.are_used() && all && !chooses())
        throw tool_error("--when-up, --rate and --first need SITE, --id or what else is to be sent",
                         EX_USAGE);
}

mail_selection send_options::whole_selection() const {
    auto result = selection;
    const auto add = [&](kind what, const std::string& text) {
        if (const auto mistake = result.add(what, text); !mistake.empty())
            throw tool_error(mistake, EX_USAGE);
    };
    for (const auto& site : sites)
        add(kind::site, site);
    for (const auto& id : ids)
        add(kind::id, id);
    return result;
}

} // namespace flushd::tool
