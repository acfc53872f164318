/// Chooses queued messages by what an operator says of them.
#pragma once

#include "flushd/tool/queue/waiting_message.hpp"

#include "postfix_proto/domain_name.hpp"

#include <array>
#include <cstddef>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace flushd::tool {

/// Any number of criteria. Of one kind, one of them is to be fulfilled; of several kinds, one of
/// each. Those that concern recipients are to be fulfilled by one recipient together. An exclusion
/// leaves out a message that fulfils it by any of its recipients.
///
/// Texts are patterns of the shell (fnmatch(3)), in any case.
class mail_selection {
public:
    enum class kind {
        site,       ///< the domain of a recipient; no pattern
        to,         ///< the address of a recipient, or its domain if the pattern has no `@`
        from,       ///< the sender likewise; `<>` is the mail system's own
        relay,      ///< the host of a recipient's last attempt: its name, or its address
        mx,         ///< a host that takes the mail of a recipient's domain
        reason,     ///< why a recipient was deferred; a text that is no pattern may be a part of it
        transport,  ///< the transport of a recipient
        older_than, ///< a length of time, since the message arrived
        larger_than, ///< a size: bytes, or with K, M or G
        id,          ///< a queue ID; its letters have a case
    };
    static constexpr std::size_t kinds = 10;

    /// The kind that an option's name stands for: "to", "older-than"; `site` for any other.
    [[nodiscard]] static kind kind_of(std::string_view name);

    /// Returns what is wrong with the text; empty if nothing is.
    [[nodiscard]] std::string add(kind what, const std::string& text, bool is_excluded = false);
    /// The same for "KIND=PATTERN", an exclusion.
    [[nodiscard]] std::string add_exclusion(const std::string& text);

    [[nodiscard]] bool is_empty() const noexcept;
    /// Whether there is a criterion of this kind.
    [[nodiscard]] bool has(kind what) const noexcept;

    /// Whether a name fulfils one of the criteria of a kind that only others can tell of a
    /// recipient; see ask().
    [[nodiscard]] bool fulfils(kind what, std::string_view name, bool is_excluded) const;
    /// Sets who is asked whether a recipient fulfils a criterion of the kinds `mx` and `transport`.
    /// Until then each does, and none is left out.
    using question = std::function<bool(kind what, const waiting_recipient& one, bool is_excluded)>;
    void ask(question asked) { asked_ = std::move(asked); }
    /// Who is asked.
    [[nodiscard]] const question& asked() const noexcept { return asked_; }

    [[nodiscard]] bool takes(const waiting_message& message, std::time_t now) const;
    /// Whether a recipient of a message that is taken is one of those that are meant.
    [[nodiscard]] bool takes(const waiting_recipient& one) const;

    /// One word for a log: "to=*.big.tld,not-from=shop.tld".
    [[nodiscard]] std::string describe() const;

private:
    struct criteria {
        std::vector<std::string> patterns;
        std::unordered_set<std::string> names; ///< the texts as they are
        std::vector<long long> numbers;        ///< of seconds or bytes
        [[nodiscard]] bool is_empty() const noexcept {
            return patterns.empty() && names.empty() && numbers.empty();
        }
    };
    using by_kind = std::array<criteria, kinds>;

    [[nodiscard]] static const criteria& of(const by_kind& all, kind what) {
        return all[static_cast<std::size_t>(what)];
    }
    [[nodiscard]] static std::string normalised(kind what, const std::string& text);
    [[nodiscard]] static bool matches_address(const criteria& wanted, std::string_view address);
    [[nodiscard]] static bool matches_site(const criteria& wanted, std::string_view domain);
    [[nodiscard]] bool fulfils(kind what, const waiting_recipient& one, bool is_excluded) const;
    [[nodiscard]] bool fulfils(kind what, const waiting_message& one, std::time_t now,
                               bool is_excluded) const;

    by_kind wanted_, excluded_;
    question asked_;
    std::vector<std::string> told_; // for describe()
};

/// Bytes of "1000", "20K", "3M" or "1G": powers of 1024. Less than 0 for any other text.
[[nodiscard]] long long parse_size(std::string_view text);

} // namespace flushd::tool
