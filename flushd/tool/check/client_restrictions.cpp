#include "flushd/tool/check/client_restrictions.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/casefold.hpp"

#include <vector>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

/// The words of the list, and those in its braces.
void split(std::string_view list, std::vector<std::string>& words) {
    while (const auto item = next_item(list)) {
        if (const auto inside = strip_braces(*item))
            split(*inside, words);
        else
            words.emplace_back(*item);
    }
}

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> words;
    split(list, words);
    return words;
}

bool takes_table(std::string_view word) {
    return word.starts_with("check_") && word.ends_with("_access");
}

bool takes_argument(std::string_view word) {
    return takes_table(word) || word == "check_policy_service" || word == "sleep" ||
           word.starts_with("reject_rbl") || word.starts_with("reject_rhsbl") ||
           word.starts_with("permit_dnswl") || word.starts_with("permit_rhswl");
}

/// Whether it lets some pass, or nobody, and rejects none.
bool never_rejects(std::string_view word) {
    return word.starts_with("permit") || word == "sleep" || word == "defer_if_reject";
}

} // namespace

admission who_is_admitted(std::string_view restrictions) {
    const auto words = words_of(restrictions);
    bool only_warns = false, is_first = true;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto word = casefold(words[i], false);
        if (word == "warn_if_reject") {
            only_warns = true;
            continue;
        }
        if (takes_argument(word))
            ++i;
        if (!only_warns) {
            if (word == "permit")
                return admission::everybody;
            if (word == "reject" || word == "defer")
                return is_first ? admission::nobody : admission::some;
            if (!never_rejects(word))
                return admission::some;
        }
        only_warns = is_first = false;
    }
    return admission::everybody;
}

std::set<std::string> tables_in(std::string_view restrictions) {
    std::set<std::string> result;
    const auto words = words_of(restrictions);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto word = casefold(words[i], false);
        if (takes_table(word) && i + 1 < words.size())
            result.insert(words[++i]);
        else if (takes_argument(word))
            ++i;
        else if (word.find(':') != std::string::npos)
            result.insert(words[i]);
    }
    return result;
}

} // namespace flushd::tool
