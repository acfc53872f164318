#include "tables/cdb_table.hpp"

#include "postfix_proto/errors.hpp"

#ifdef POSTFIX_PROTO_HAVE_CDB

#include "tables/database_file.hpp"

#include <cdb.h>

#include <cerrno>
#include <memory>

namespace postfix_proto {

namespace {

struct database_closer {
    void operator()(cdb* database) const noexcept { cdb_free(database); }
};

result<void, std::string> read_cdb(int fd, const entry_sink& add) {
    cdb database{};
    errno = 0;
    if (cdb_init(&database, fd) != 0)
        return unexpected(errno == 0 ? "not a constant database" : errno_text(errno));
    const std::unique_ptr<cdb, database_closer> closer(&database);
    unsigned position = 0;
    cdb_seqinit(&position, &database);
    for (;;) {
        errno = 0;
        const int result = cdb_seqnext(&position, &database);
        if (result == 0)
            return {};
        const void* const key = result > 0 ? cdb_getkey(&database) : nullptr;
        const void* const value = key != nullptr ? cdb_getdata(&database) : nullptr;
        if (value == nullptr)
            return unexpected("error reading database: " + errno_text(errno));
        add({static_cast<const char*>(key), cdb_keylen(&database)},
            {static_cast<const char*>(value), cdb_datalen(&database)});
    }
}

} // namespace

opened_table open_cdb_table(std::string_view type, std::string_view name,
                            const open_options& options, logger& log) {
    const std::string path = std::string(name) + ".cdb";
    const auto file = open_database_file(path);
    if (!file)
        return refuse_database(path, file.error());
    return read_database(type, name, path, file->info, options, log, [&](const entry_sink& add) {
        return read_cdb(file->descriptor.get(), add);
    });
}

} // namespace postfix_proto

#endif
