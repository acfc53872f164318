/// Implements tables that are held in memory: "inline:" and "texthash:" (Postfix 3.7:
/// util/dict_inline.c, util/dict_thash.c, util/dict_ht.c). Keys are fixed and not folded.
#pragma once

#include "postfix_proto/lookup_table.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postfix_proto {

/// Keys and values in memory. The code that fills it decides about duplicates.
class memory_table final : public lookup_table {
public:
    /// Empty. `files` is what files() returns.
    memory_table(std::string_view type, std::string_view name, std::vector<std::string> files = {})
        : lookup_table(type, name, true), files_(std::move(files)) {}

    /// Returns false, and keeps the old value, if the table has the key already.
    bool insert(std::string_view key, std::string_view value);
    /// Replaces the value of the key, if it has one.
    void insert_or_assign(std::string_view key, std::string_view value);
    /// How many keys there are.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    [[nodiscard]] lookup_result find(std::string_view key) override;
    [[nodiscard]] std::vector<std::string> files() const override { return files_; }

private:
    std::unordered_map<std::string, std::string> entries_;
    std::vector<std::string> files_;
};

/// For open_lookup_table(). The name is `{key=value, {key = a value}, ...}`; of two equal keys the
/// last one counts. A key may be quoted and then keeps its quotes, so no plain key equals it.
/// A malformed entry or an empty table is an error.
[[nodiscard]] opened_table open_inline_table(std::string_view type, std::string_view name,
                                             const open_options& options, logger& log);

/// For open_lookup_table(). The name is the path of a file in postmap(1)'s input format: logical
/// lines "key whitespace value". A malformed line is skipped with a warning; with `utf8`, so is a
/// line that is malformed UTF-8. A second entry for a key is an error, and the table is then
/// unavailable: only postmap(1) selects a warning instead.
[[nodiscard]] opened_table open_text_hash_table(std::string_view type, std::string_view name,
                                                const open_options& options, logger& log);

} // namespace postfix_proto
