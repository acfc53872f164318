/// Tables of fast_flush_domains that flushd has proxymap(8) look up: those of types that only
/// Postfix has code for, and those that are written as "proxy:type:name".
///
/// proxymap looks up in what proxy_read_maps lists, and nowhere else. To add to that list harms
/// nobody: the other programs of Postfix's go on opening what they opened. (To write "proxy:" into
/// fast_flush_domains would: it is read by all that may defer mail, by smtpd(8) and by postqueue(1)
/// as well (global/flush_clnt.c, Postfix 3.5 to 3.12). Each of them ends when proxymap refuses the
/// table, and postqueue waits without end, as ordinary users cannot reach proxymap's socket.)
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
    /// Of the list that the flush service goes by, as "type:name" without "proxy:", each once.
    /// Empty when proxymap(8) is not needed.
    std::vector<unserved_table> tables;
    std::vector<std::string> to_allow; ///< those that proxy_read_maps lacks, as "proxy:type:name"
    std::string proxy_read_maps;       ///< the value with these; empty when there are none
    /// As "proxy:type:name": those that fast_flush_domains in main.cf names with "proxy:", and
    /// proxy_read_maps lacks. All of Postfix suffers.
    std::vector<std::string> refused;
    /// Why proxy_read_maps alone cannot do it; for a person.
    std::string obstacle;

    [[nodiscard]] bool is_needed() const { return !to_allow.empty() || !obstacle.empty(); }
};

/// Reads the configuration, and changes nothing. Throws tool_error.
[[nodiscard]] proxy_plan plan_proxied_tables(const instance& where);

/// What main.cf makes of a value of this parameter: with all references replaced. (They may lead to
/// other parameters: proxy_read_maps has $fast_flush_domains by default since Postfix 3.11.)
[[nodiscard]] std::string expanded(const instance& where, const std::string& name,
                                   const std::string& text);

/// Why flushd cannot serve fast_flush_domains: "fast_flush_domains names mysql:/x.cf, which ...".
[[nodiscard]] std::string explain(const proxy_plan& plan);

/// What an operator would type, in the order in which no mail stops. Only root can tell which files
/// mail_owner cannot read.
[[nodiscard]] std::vector<std::string> proxy_commands(const instance& where,
                                                      const proxy_plan& plan);

/// The last of these: proxymap(8) may look up what the plan allows, and what it refuses now.
[[nodiscard]] std::vector<std::string> permission_commands(const instance& where,
                                                           const proxy_plan& plan);

/// Asks the plan's tables for a key as mail_owner, with postmap(1). Nothing is changed. Throws
/// tool_error, with what to do about it. For root.
void check_proxied_tables(const instance& where, const proxy_plan& plan);

/// Changes proxy_read_maps, and takes that back.
class proxied_tables {
public:
    /// Throws tool_error when the plan has an obstacle. Both must outlive it.
    proxied_tables(const instance& where, const proxy_plan& plan);

    /// The lines that are changed, with - and +.
    [[nodiscard]] std::string show() const;

    /// proxymap(8) may look the tables up, and is asked for a key in each. Throws tool_error, and
    /// by then main.cf is as it was.
    void allow();
    /// main.cf as it was. Says whether it had to be changed for that.
    bool take_back();

private:
    void prove() const;

    const instance& where_;
    const proxy_plan& plan_;
    file_image before_;
    std::string base_; // the text without what an earlier change has put there
    std::string allowed_;
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

    /// proxy_read_maps as it was, when nobody asks proxymap(8) for these tables any more.
    void restore();

private:
    const instance& where_;
    std::optional<file_image> saved_, written_, now_;
    std::string after_;
    std::string remarks_;
};

} // namespace flushd::tool
