/// Reads the database files that postmap(1) makes, for hash:, btree:, lmdb: and cdb:. Private to
/// the library.
///
/// Such a file is read once, whole, when its table is opened; lookups are answered from memory.
/// They never wait for postmap, never see a partial update, and never fail while the file is being
/// rewritten: a failed lookup would mean a message that is not listed. The price is memory, per
/// entry about 130 bytes plus the bytes of its key and of its value beyond 15 each, and 1 s of
/// start-up per million entries. A file for which that is too much is not a list of domains.
///
/// The database library runs in a child process. These libraries trust the contents of a file, so a
/// damaged file can crash them or keep them busy for ever; only the child is lost then.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/lookup_table.hpp"

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postfix_proto {

/// The content of such a file. Keys are fixed and not folded: postmap has folded them.
///
/// The file does not record whether keys and values include a final NUL. The first key that is
/// found decides; until then, both forms are tried, first the one with a NUL.
class database_table final : public lookup_table {
public:
    database_table(std::string_view type, std::string_view name, std::string path)
        : lookup_table(type, name, true), path_(std::move(path)) {}

    /// Adds a key and a value as they are in the file. Of two equal keys, the first one counts.
    void insert(std::string_view key, std::string_view value);

    [[nodiscard]] lookup_result find(std::string_view key) override;
    [[nodiscard]] std::vector<std::string> files() const override { return {path_}; }

private:
    enum class trailing_nul { unknown, yes, no };

    std::unordered_map<std::string, std::string> entries_;
    std::string path_;
    trailing_nul nul_ = trailing_nul::unknown;
};

/// A regular file that was opened without waiting.
struct database_file {
    file_descriptor descriptor;
    struct stat info {};
};
/// The error is the reason, for a log line.
[[nodiscard]] result<database_file, std::string> open_database_file(const std::string& path);

/// Gives an entry to the table.
using entry_sink = std::function<void(std::string_view key, std::string_view value)>;
/// Reads a database, giving every entry to the sink. The error is the reason, for a log line.
using database_reader = std::function<result<void, std::string>(const entry_sink&)>;

/// Runs `read` in a child process and makes a table of its entries. Warns if the source, a file
/// with the table's name, is newer than the database `info`. Waits for the child for
/// `options.patience` and half a minute more. Call it before threads are started.
[[nodiscard]] opened_table read_database(std::string_view type, std::string_view name,
                                         const std::string& path, const struct stat& info,
                                         const open_options& options, logger& log,
                                         const database_reader& read);

/// The message for a database that cannot be opened, as Postfix words it.
[[nodiscard]] unexpected<table_failure> refuse_database(const std::string& path,
                                                        std::string_view why);

} // namespace postfix_proto
