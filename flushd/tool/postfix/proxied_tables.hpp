/// Tables that flushd has no code for, named as "proxy:type:name" in fast_flush_domains, so that
/// proxymap(8) looks them up.
///
/// Not only the flush service reads fast_flush_domains: all programs that may defer mail do,
/// qmgr(8), cleanup(8) and smtpd(8) among them (global/flush_clnt.c, Postfix 3.5 to 3.10), and each
/// of them ends when it opens a table that proxymap refuses. So the table must be in
/// proxy_read_maps, and all processes of proxymap must have read that, before it is named.
#pragma once

#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/postfix/unserved_tables.hpp"

#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

/// What main.cf has to say for these tables to work.
struct proxy_plan {
    /// Of fast_flush_domains, as "type:name", each once. Empty when there is nothing to do.
    std::vector<unserved_table> tables;
    std::vector<std::string> to_allow; ///< "proxy:type:name", as main.cf is to have them
    std::string proxy_read_maps;       ///< the value with these; empty when it has them already
    std::string fast_flush_domains;    ///< the value, which names them
    /// As "proxy:type:name": those that fast_flush_domains names already, and proxy_read_maps does
    /// not.
    std::vector<std::string> refused;
    /// Why main.cf alone cannot do it; for a person.
    std::string obstacle;
};

/// Reads the configuration, and changes nothing. Throws tool_error.
[[nodiscard]] proxy_plan plan_proxied_tables(const instance& where);

/// What main.cf makes of a value: with all references replaced.
[[nodiscard]] std::string expanded(const instance& where, const std::string& text);

/// Why flushd cannot serve fast_flush_domains: "mysql:/etc/postfix/sites.cf is looked up by ...".
[[nodiscard]] std::string explain(const proxy_plan& plan);

/// What an operator would type, in the order in which no mail stops. Only root can tell which files
/// mail_owner cannot read.
[[nodiscard]] std::vector<std::string> proxy_commands(const instance& where,
                                                      const proxy_plan& plan);

/// The first of these: proxymap(8) may look up what the plan allows, and what it refuses now.
[[nodiscard]] std::vector<std::string> permission_commands(const instance& where,
                                                           const proxy_plan& plan);

/// Makes the change of main.cf in two steps, and takes it back.
class proxied_tables {
public:
    /// Throws tool_error when the plan has an obstacle. Both must outlive it.
    proxied_tables(const instance& where, const proxy_plan& plan);

    /// The lines that are changed, with - and +.
    [[nodiscard]] std::string show() const;

    /// Asks the tables for a key as mail_owner, with postmap(1). Nothing is changed by then. Throws
    /// tool_error, with what to do about it. For root.
    void check_tables() const;

    /// First step: proxymap(8) may look the tables up, and is asked for a key in each. Throws
    /// tool_error, and by then main.cf is as it was.
    void allow();
    /// Second step: fast_flush_domains names them.
    void name();
    /// main.cf as it was. Says whether it had to be changed for that.
    bool take_back();

private:
    void prove() const;

    const instance& where_;
    const proxy_plan& plan_;
    file_image before_;
    std::string base_; // the text without what an earlier change has put there
    std::string allowed_, named_;
    std::optional<file_image> saved_before_, written_before_;
};

/// Undoes that, as far as nobody has changed it since.
class proxied_tables_removal {
public:
    /// Reads what is kept of the change; is_needed() tells whether there was one. `where` must
    /// outlive it.
    explicit proxied_tables_removal(const instance& where);

    [[nodiscard]] bool is_needed() const { return saved_.has_value(); }
    [[nodiscard]] std::string show() const;

    /// First step: fast_flush_domains as it was.
    void restore_domains();
    /// Second step, when Postfix has been reloaded or does not run: proxy_read_maps as it was.
    void restore_permission();
    /// main.cf as it was before the first step. Says whether it had to be changed for that.
    bool take_back();

private:
    const instance& where_;
    std::optional<file_image> saved_, written_, now_;
    std::string first_, second_; // the text after either step
    std::string remarks_;
};

} // namespace flushd::tool
