/// Permits proxymap(8) to look up those tables of fast_flush_domains that flushd cannot look up
/// itself, and those that are written as "proxy:type:name".
///
/// proxymap looks up only tables that proxy_read_maps lists. An addition to that list affects no
/// other program: each opens the same tables as before. (To write "proxy:" into fast_flush_domains
/// would affect others: every program that may defer mail reads that list, and so do smtpd(8) and
/// postqueue(1) (global/flush_clnt.c, Postfix 3.5 to 3.12). Until 3.10 each of them terminates if
/// proxymap refuses the table, and postqueue hangs, because ordinary users cannot reach proxymap's
/// socket.)
#pragma once

#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/postfix/unserved_tables.hpp"

#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

/// The change of main.cf that makes these tables work.
struct proxy_plan {
    /// Those in the flush service's own list, as "type:name" without "proxy:", each once. Empty if
    /// proxymap(8) is not needed.
    std::vector<unserved_table> tables;
    std::vector<std::string> to_allow; ///< those that proxy_read_maps lacks, as "proxy:type:name"
    std::string proxy_read_maps;       ///< the value with these added; empty if there are none
    /// As "proxy:type:name": those that fast_flush_domains in main.cf names with "proxy:", but
    /// proxy_read_maps lacks. Until 3.10 these break all of Postfix.
    std::vector<std::string> refused;
    /// Why a change of proxy_read_maps is not enough, for a person.
    std::string obstacle;

    [[nodiscard]] bool is_needed() const { return !to_allow.empty() || !obstacle.empty(); }
};

/// Reads the configuration, and changes nothing. Throws tool_error.
[[nodiscard]] proxy_plan plan_proxied_tables(const instance& where);

/// A value of this parameter with all references to other parameters replaced. (proxy_read_maps
/// has $fast_flush_domains by default since Postfix 3.11.)
[[nodiscard]] std::string expanded(const instance& where, const std::string& name,
                                   const std::string& text);

/// Why flushd cannot serve fast_flush_domains: "fast_flush_domains names mysql:/x.cf, which ...".
[[nodiscard]] std::string explain(const proxy_plan& plan);

/// The commands for an operator, in an order that stops no mail at any step. Only root can
/// determine which files mail_owner cannot read.
[[nodiscard]] std::vector<std::string> proxy_commands(const instance& where,
                                                      const proxy_plan& plan);

/// The last of these commands: they permit proxymap(8) to look up the plan's tables, and those that
/// it refuses now.
[[nodiscard]] std::vector<std::string> permission_commands(const instance& where,
                                                           const proxy_plan& plan);

/// Looks up a key in each of the plan's tables with postmap(1), as mail_owner. Changes nothing. If
/// a lookup fails, throws tool_error, which says what to do. Requires root.
void check_proxied_tables(const instance& where, const proxy_plan& plan);

/// Changes proxy_read_maps, and can undo the change.
class proxied_tables {
public:
    /// Throws tool_error if the plan has an obstacle. Both arguments must outlive this object.
    proxied_tables(const instance& where, const proxy_plan& plan);

    /// The changed lines, marked with - and +.
    [[nodiscard]] std::string show() const;

    /// Permits proxymap(8) to look up the tables, and asks it for a key in each. If that fails,
    /// restores main.cf and throws tool_error.
    void allow();
    /// Restores main.cf. Returns whether that was necessary.
    bool take_back();

private:
    void prove() const;

    const instance& where_;
    const proxy_plan& plan_;
    file_image before_;
    std::string base_; // the text without an earlier change of ours
    std::string allowed_;
    std::optional<file_image> saved_before_, written_before_;
};

/// Undoes an earlier change of proxy_read_maps, unless the lines have been edited since.
class proxied_tables_removal {
public:
    /// Reads the saved files; is_needed() tells whether there was a change. `where` must outlive
    /// this object.
    explicit proxied_tables_removal(const instance& where);

    [[nodiscard]] bool is_needed() const { return saved_.has_value(); }
    [[nodiscard]] std::string show() const;

    /// Restores proxy_read_maps. Call it when the flush service no longer needs proxymap(8).
    void restore();

private:
    const instance& where_;
    std::optional<file_image> saved_, written_, now_;
    std::string after_;
    std::string remarks_;
};

} // namespace flushd::tool
