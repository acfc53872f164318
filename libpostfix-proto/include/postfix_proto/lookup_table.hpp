/// Opens and queries lookup tables, written "type:name" in a Postfix configuration (Postfix 3.7:
/// util/dict.h, util/dict_open.c).
///
/// open_lookup_table() opens or reads everything a table needs, so that find() works after a
/// chroot. A table that cannot be opened does not stop the program: every find() in it fails
/// (Postfix 3.7: util/dict_surrogate.c), and sites whose lookup does not reach it are still served.
///
/// A table keeps a reference to the logger that it was opened with. Tables are not thread-safe.
#pragma once

#include "postfix_proto/berkeley_db_policy.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/lookup_result.hpp"
#include "postfix_proto/result.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postfix_proto {

class remote_answers;

/// An open table. Made by open_lookup_table(); other kinds may derive from it.
class lookup_table {
public:
    lookup_table(const lookup_table&) = delete;
    lookup_table& operator=(const lookup_table&) = delete;
    virtual ~lookup_table() = default;

    /// Looks up the key unchanged: the caller has folded its case. Never throws for what the disk
    /// or the network does, and never waits for longer than about 100 ms.
    [[nodiscard]] virtual lookup_result find(std::string_view key) = 0;

    /// The same for a table whose lookups another process performs, such as proxymap(8). The caller
    /// does the I/O: find_given() uses the answers known so far; if they are not enough, it leaves
    /// a question with them and returns `unanswered`, and must be called again with the answer. See
    /// remote_table.hpp.
    [[nodiscard]] virtual lookup_result find_given(std::string_view key, remote_answers&) {
        return find(key);
    }
    /// Whether find_given() may be left without an answer; find() then fails instead.
    [[nodiscard]] virtual bool asks_elsewhere() const { return false; }

    /// The files that the table was made from, also those that could not be opened. When one of
    /// them changes, open the table again: it does not notice the change by itself.
    [[nodiscard]] virtual std::vector<std::string> files() const { return {}; }

    /// The word before the colon, such as "hash".
    [[nodiscard]] const std::string& type() const noexcept { return type_; }
    /// As configured: for hash: without the ".db".
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Keys are whole strings, not patterns, so a list that looks up a domain also looks up its
    /// parents (Postfix: DICT_FLAG_FIXED). For a table that asks elsewhere it is known after the
    /// first answer only.
    [[nodiscard]] virtual bool keys_are_fixed() const noexcept { return keys_are_fixed_; }

protected:
    /// `type` and `name` as configured; `keys_are_fixed` is what keys_are_fixed() returns.
    lookup_table(std::string_view type, std::string_view name, bool keys_are_fixed)
        : type_(type), name_(name), keys_are_fixed_(keys_are_fixed) {}

private:
    std::string type_;
    std::string name_;
    bool keys_are_fixed_;
};

/// Options for opening a table, or the tables in a match list.
struct open_options {
    /// smtputf8_enable: a key that is malformed UTF-8 is not found, a malformed value is a failure,
    /// either with a warning (Postfix 3.7: util/dict_utf8.c).
    bool utf8 = false;
    /// daemon_table_open_error_is_fatal: throw startup_error instead of carrying on.
    bool open_error_is_fatal = false;
    /// How long opening may wait for a process that is writing the file.
    std::chrono::milliseconds patience = std::chrono::seconds(10);
    /// For a match list with a /file/name: a line that starts with white space continues the
    /// previous one. See release_trait::joined_list_lines.
    bool joins_list_lines = true;
    /// How the installed Postfix opens hash: and btree:.
    berkeley_db_policy berkeley_db{};
};

/// Opens "type:name". Never null. When the table is not usable, logs the reason as one `error` and
/// returns a table whose find() logs "TYPE:NAME is unavailable. REASON" and fails; or, if the
/// options ask for that, throws startup_error.
///
/// proxymap(8) performs the lookups in the tables of proxied_table_types(), as if they had the
/// prefix "proxy:"; see remote_table.hpp. postmap(1) is no alternative: it would need a process for
/// each lookup, which would have to stay root because their files with passwords belong to root;
/// and the exit status of postmap is the same for a missing key and for an unreachable server.
[[nodiscard]] std::unique_ptr<lookup_table>
open_lookup_table(std::string_view type_and_name, const open_options& options, logger& log);

/// The types that this library implements itself, sorted.
[[nodiscard]] std::vector<std::string> lookup_table_types();

/// The types that are left to proxymap(8), sorted: those that only Postfix implements, such as
/// mysql, and those that need a library which this one was built without.
[[nodiscard]] std::vector<std::string> proxied_table_types();

/// A replacement for a table that cannot be opened; logs or throws as above. `files` are the files
/// to watch: when one changes, opening may succeed.
[[nodiscard]] std::unique_ptr<lookup_table>
make_unavailable_table(std::string_view type, std::string_view name, std::string reason,
                       std::vector<std::string> files, const open_options& options, logger& log);

/// Why a table cannot be opened.
struct table_failure {
    std::string reason;               ///< for a log line
    std::vector<std::string> files{}; ///< the files that opening depends on
};
/// The result of opening a table, which the code for a type returns to open_lookup_table().
using opened_table = result<std::unique_ptr<lookup_table>, table_failure>;

} // namespace postfix_proto
