#include "postfix_proto/lookup_table.hpp"

#include "postfix_proto/berkeley_db_table.hpp"
#include "postfix_proto/memory_table.hpp"
#include "postfix_proto/static_table.hpp"
#include "postfix_proto/utf8.hpp"

#include <utility>

namespace postfix_proto {

namespace {

class unavailable_table final : public lookup_table {
public:
    unavailable_table(std::string_view type, std::string_view name, std::string reason,
                      std::vector<std::string> files, logger& log)
        : lookup_table(type, name, false), reason_(std::move(reason)), files_(std::move(files)),
          log_(log) {}

    lookup_result find(std::string_view) override {
        log_.warning("{}:{} is unavailable. {}", type(), name(), reason_);
        return lookup_result::failed(reason_);
    }
    std::vector<std::string> files() const override { return files_; }

private:
    std::string reason_;
    std::vector<std::string> files_;
    logger& log_;
};

/// Stands before another table and keeps malformed text out of it and in it.
class utf8_checked_table final : public lookup_table {
public:
    utf8_checked_table(std::unique_ptr<lookup_table> table, logger& log)
        : lookup_table(table->type(), table->name(), table->keys_are_fixed()),
          table_(std::move(table)), log_(log) {}

    lookup_result find(std::string_view key) override {
        if (!is_valid_utf8(key)) {
            log_.warning("{}:{}: key \"{}\" is malformed UTF-8", type(), name(), key);
            return lookup_result::not_found();
        }
        lookup_result result = table_->find(key);
        if (result.outcome == lookup_result::status::found && !is_valid_utf8(result.text)) {
            log_.warning("{}:{}: value \"{}\" of key \"{}\" is malformed UTF-8", type(), name(),
                         result.text, key);
            return lookup_result::failed("value is malformed UTF-8");
        }
        return result;
    }
    std::vector<std::string> files() const override { return table_->files(); }

private:
    std::unique_ptr<lookup_table> table_;
    logger& log_;
};

/// The place where a table type is added. Sorted by name.
struct registered_type {
    std::string_view type;
    opened_table (*open)(std::string_view type, std::string_view name, const open_options& options,
                         logger& log);
};

constexpr registered_type registry[] = {
    {"btree", open_berkeley_db_table},  {"hash", open_berkeley_db_table},
    {"inline", open_inline_table},      {"static", open_static_table},
    {"texthash", open_text_hash_table},
};

std::string join_types() {
    std::string text;
    for (const auto& entry : registry)
        text.append(text.empty() ? "" : ", ").append(entry.type);
    return text;
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

    for (const auto& entry : registry) {
        if (entry.type != type)
            continue;
        opened_table opened = entry.open(type, name, options, log);
        if (!opened.table)
            return make_unavailable_table(type, name, std::move(opened.reason),
                                          std::move(opened.files), options, log);
        log.debug("open_lookup_table: {}:{}", type, name);
        if (options.utf8)
            return std::make_unique<utf8_checked_table>(std::move(opened.table), log);
        return std::move(opened.table);
    }
    return make_unavailable_table(
        type, name,
        fmt::format("unsupported dictionary type: {} (supported: {})", type, join_types()), {},
        options, log);
}

std::vector<std::string> lookup_table_types() {
    std::vector<std::string> types;
    for (const auto& entry : registry)
        types.emplace_back(entry.type);
    return types;
}

std::unique_ptr<lookup_table> make_unavailable_table(std::string_view type, std::string_view name,
                                                     std::string reason,
                                                     std::vector<std::string> files,
                                                     const open_options& options, logger& log) {
    if (options.open_error_is_fatal)
        throw startup_error(reason);
    log.error("{}", reason);
    return std::make_unique<unavailable_table>(type, name, std::move(reason), std::move(files),
                                               log);
}

} // namespace postfix_proto
