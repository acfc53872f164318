#include "postfix_proto/lookup_table.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/remote_table.hpp"
#include "postfix_proto/utf8.hpp"
#include "tables/berkeley_db_table.hpp"
#include "tables/cdb_table.hpp"
#include "tables/cidr_table.hpp"
#include "tables/composed_table.hpp"
#include "tables/debug_table.hpp"
#include "tables/environment_table.hpp"
#include "tables/forwarding_table.hpp"
#include "tables/lmdb_table.hpp"
#include "tables/memory_table.hpp"
#include "tables/pattern_table.hpp"
#include "tables/static_table.hpp"

#include <fmt/format.h>

#include <utility>

namespace postfix_proto {

namespace {

/// Wraps another table, and rejects malformed UTF-8 in keys and in results.
class utf8_checked_table final : public forwarding_table {
public:
    utf8_checked_table(std::string_view type, std::string_view name,
                       std::unique_ptr<lookup_table> table, logger& log)
        : forwarding_table(type, name, std::move(table)), log_(log) {}

    lookup_result find(std::string_view key) override {
        return has_valid(key) ? checked(forwarding_table::find(key), key)
                              : lookup_result::not_found();
    }
    lookup_result find_given(std::string_view key, remote_answers& answers) override {
        return has_valid(key) ? checked(forwarding_table::find_given(key, answers), key)
                              : lookup_result::not_found();
    }

private:
    bool has_valid(std::string_view key) {
        if (is_valid_utf8(key))
            return true;
        log_.warning("{}:{}: key \"{}\" is malformed UTF-8", type(), name(), key);
        return false;
    }
    lookup_result checked(lookup_result result, std::string_view key) {
        if (result.outcome == lookup_result::status::found && !is_valid_utf8(result.text)) {
            log_.warning("{}:{}: value \"{}\" of key \"{}\" is malformed UTF-8", type(), name(),
                         result.text, key);
            return lookup_result::failed("value is malformed UTF-8");
        }
        return result;
    }

    logger& log_;
};

/// Adds to a table the files that determined its real type.
class redirected_table final : public forwarding_table {
public:
    redirected_table(std::unique_ptr<lookup_table> table, std::string_view type,
                     std::string_view name, std::vector<std::string> decided_by)
        : forwarding_table(type, name, std::move(table)), decided_by_(std::move(decided_by)) {}

    std::vector<std::string> files() const override {
        auto all = forwarding_table::files();
        all.insert(all.end(), decided_by_.begin(), decided_by_.end());
        return all;
    }

private:
    std::vector<std::string> decided_by_;
};

using table_opener = opened_table (*)(std::string_view type, std::string_view name,
                                      const open_options& options, logger& log);

#ifdef POSTFIX_PROTO_HAVE_BerkeleyDB
constexpr table_opener berkeley_db_opener = open_berkeley_db_table;
#else
constexpr table_opener berkeley_db_opener = nullptr;
#endif
#ifdef POSTFIX_PROTO_HAVE_CDB
constexpr table_opener cdb_opener = open_cdb_table;
#else
constexpr table_opener cdb_opener = nullptr;
#endif
#ifdef POSTFIX_PROTO_HAVE_LMDB
constexpr table_opener lmdb_opener = open_lmdb_table;
#else
constexpr table_opener lmdb_opener = nullptr;
#endif
#ifdef POSTFIX_PROTO_HAVE_PCRE2
constexpr table_opener pcre_opener = open_pcre_table;
#else
constexpr table_opener pcre_opener = nullptr;
#endif

/// The list of table types; add new ones here. Sorted by name. A type without an opener is known
/// only to Postfix, or was left out of this build: proxymap(8) looks up in such a table, if it is
/// permitted to.
struct registered_type {
    std::string_view type;
    table_opener open = nullptr;
};

constexpr registered_type registry[] = {
    {"btree", berkeley_db_opener},
    {"cdb", cdb_opener},
    {"cidr", open_cidr_table},
    {"debug", open_debug_table},
    {"environ", open_environment_table},
    {"fail", open_failing_table},
    {"hash", berkeley_db_opener},
    {"inline", open_inline_table},
    {"ldap"},
    {"lmdb", lmdb_opener},
    {"memcache"},
    {"mongodb"},
    {"mysql"},
    {"nis"},
    {"nisplus"},
    {"pcre", pcre_opener},
    {"pgsql"},
    {"pipemap", open_pipe_table},
    {"proxy", open_proxy_table},
    {"randmap", open_random_table},
    {"regexp", open_regexp_table},
    {"socketmap"},
    {"sqlite"},
    {"static", open_static_table},
    {"tcp"},
    {"texthash", open_text_hash_table},
    {"unionmap", open_union_table},
    {"unix"},
};

std::string join_types() {
    std::string text;
    for (const std::string& type : lookup_table_types())
        text.append(text.empty() ? "" : ", ").append(type);
    return text;
}

std::unique_ptr<lookup_table> open_as(std::string_view type, std::string_view name,
                                      const open_options& options, logger& log) {
    for (const auto& entry : registry) {
        if (entry.type != type)
            continue;
        const auto open = entry.open == nullptr ? open_proxied_table : entry.open;
        opened_table opened = open(type, name, options, log);
        if (!opened)
            return make_unavailable_table(type, name, opened.error().reason, opened.error().files,
                                          options, log);
        log.debug("open_lookup_table: {}:{}", type, name);
        // The table inside debug: is already wrapped.
        if (options.utf8 && entry.open != open_debug_table)
            return std::make_unique<utf8_checked_table>(type, name, *std::move(opened), log);
        return *std::move(opened);
    }
    return make_unavailable_table(
        type, name,
        fmt::format("unsupported dictionary type: {} (supported: {})", type, join_types()), {},
        options, log);
}

} // namespace

std::unique_ptr<lookup_table> open_lookup_table(std::string_view type_and_name,
                                                const open_options& options, logger& log) {
    const std::size_t colon = type_and_name.find(':');
    const std::string_view type = type_and_name.substr(0, colon);
    const std::string_view name =
        colon == std::string_view::npos ? std::string_view{} : type_and_name.substr(colon + 1);
    if (type.empty() || name.empty())
        return make_unavailable_table(
            type, name,
            fmt::format("open dictionary: \"{}\" is not of the form \"type:name\"", type_and_name),
            {}, options, log);

    if (type != "hash" && type != "btree")
        return open_as(type, name, options, log);
    auto target = resolve_berkeley_db(type, name, options, log);
    if (!target.reason.empty())
        return make_unavailable_table(
            type, name, fmt::format("open dictionary: {}:{}: {}", type, name, target.reason),
            std::move(target.files), options, log);
    auto table = open_as(target.type, name, options, log);
    if (target.files.empty())
        return table;
    return std::make_unique<redirected_table>(std::move(table), target.type, name,
                                              std::move(target.files));
}

std::vector<std::string> lookup_table_types() {
    std::vector<std::string> types;
    for (const auto& entry : registry)
        if (entry.open != nullptr)
            types.emplace_back(entry.type);
    return types;
}

std::vector<std::string> proxied_table_types() {
    std::vector<std::string> types;
    for (const auto& entry : registry)
        if (entry.open == nullptr)
            types.emplace_back(entry.type);
    return types;
}

} // namespace postfix_proto
