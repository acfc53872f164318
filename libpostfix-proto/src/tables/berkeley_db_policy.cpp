#include "postfix_proto/berkeley_db_policy.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/casefold.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/lookup_table.hpp"
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/run_program.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>

namespace postfix_proto {

namespace {

constexpr std::string_view mapping_parameter = "non_bdb_custom_mapping";
// Clients of nbdb_reindexd(8) try twice, for half a minute each.
constexpr std::chrono::seconds reindex_limit{65};
constexpr std::size_t postmap_output_limit = 65536;

bool needs_berkeley_db(std::string_view type) { return type == "hash" || type == "btree"; }

bool is_alphanumeric(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

/// Looks up the type in the custom mapping. Returns true for a result or a failure.
bool ask_mapping(std::string_view type, std::string_view name, const open_options& options,
                 logger& log, berkeley_db_target& target) {
    const auto& mapping = options.berkeley_db.custom_mapping;
    if (mapping.empty())
        return false;
    if (needs_berkeley_db(std::string_view(mapping).substr(0, mapping.find(':')))) {
        target.reason =
            fmt::format("{} must not be of such a type itself: {}", mapping_parameter, mapping);
        return true;
    }
    open_options plain = options;
    plain.berkeley_db = {};
    plain.open_error_is_fatal = false;
    const auto table = open_lookup_table(mapping, plain, log);
    target.files = table->files();
    for (const auto& key : {fmt::format("{}:{}", type, name), std::string(type)}) {
        const auto result = table->find(casefold(key, options.utf8));
        if (result.outcome == lookup_result::status::not_found)
            continue;
        if (result.outcome == lookup_result::status::found)
            target.type = result.text;
        else
            target.reason = fmt::format("{}: lookup of {} in {}: {}", mapping_parameter, key,
                                        mapping, result.text);
        return true;
    }
    return false;
}

/// The service makes no other files.
bool is_made_by_service(std::string_view type) { return type == "cdb" || type == "lmdb"; }

void have_it_made(std::string_view type, std::string_view name, const berkeley_db_target& target,
                  logger& log) {
    const auto path = fmt::format("{}.{}", name, target.type);
    if (!is_made_by_service(target.type) || ::access(path.c_str(), F_OK) == 0 || errno != ENOENT)
        return;
    const auto postmap = find_program("postmap");
    if (!postmap)
        return;
    try {
        // Any key will do: the file is created when the table is opened.
        const auto done =
            run_program({*postmap, "-q", "x", fmt::format("{}:{}", type, name)},
                        std::chrono::steady_clock::now() + reindex_limit, postmap_output_limit);
        if (::access(path.c_str(), F_OK) != 0)
            log.warning("{} is missing, and was not created: {}", path,
                        trim(std::string_view(done.errors)));
    } catch (const startup_error& error) {
        log.warning("{} is missing, and was not created: {}", path, error.what());
    }
}

} // namespace

berkeley_db_policy read_berkeley_db_policy(const postconf_result& main_cf) {
    berkeley_db_policy policy;
    const auto level = main_cf.find("non_bdb_migration_level");
    if (!level) // a snapshot on the way to 3.11
        return policy;
    policy.reindexes = *level == "enable-reindex";
    policy.is_redirected = policy.reindexes || *level == "enable-redirect";
    if (!policy.is_redirected && *level != "disable")
        throw startup_error(fmt::format("parameter non_bdb_migration_level: {}: expected disable, "
                                        "enable-redirect or enable-reindex",
                                        *level));
    policy.logs_redirection = main_cf.get_bool("non_bdb_migration_log_redirect");
    policy.hash_type = main_cf.get("default_database_type");
    policy.btree_type = main_cf.get("default_cache_db_type");
    policy.custom_mapping = main_cf.get(mapping_parameter);
    return policy;
}

std::vector<std::string> missing_berkeley_db_types(const std::vector<std::string>& table_types) {
    std::vector<std::string> missing;
    for (const char* type : {"hash", "btree"})
        if (std::find(table_types.begin(), table_types.end(), type) == table_types.end())
            missing.emplace_back(type);
    return missing;
}

berkeley_db_target resolve_berkeley_db(std::string_view type, std::string_view name,
                                       const open_options& options, logger& log) {
    const auto& policy = options.berkeley_db;
    berkeley_db_target target;
    target.type = type;
    if (!policy.is_redirected) {
        const auto& missing = policy.missing_types;
        if (std::find(missing.begin(), missing.end(), type) != missing.end())
            target.reason = "the installed Postfix was built without Berkeley DB";
        return target;
    }
    if (!ask_mapping(type, name, options, log, target))
        target.type = type == "hash" ? policy.hash_type : policy.btree_type;
    if (!target.reason.empty())
        return target;
    if (!is_alphanumeric(target.type) || needs_berkeley_db(target.type)) {
        target.reason =
            fmt::format("non_bdb_migration_level makes it \"{}\", which cannot be", target.type);
        return target;
    }
    if (policy.logs_redirection)
        log.info("redirecting {0}:{1} to {2}:{1}", type, name, target.type);
    if (policy.reindexes)
        have_it_made(type, name, target, log);
    return target;
}

} // namespace postfix_proto
