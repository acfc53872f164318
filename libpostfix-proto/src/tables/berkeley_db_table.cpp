#include "tables/berkeley_db_table.hpp"

#include "postfix_proto/errors.hpp"

#ifdef POSTFIX_PROTO_HAVE_BerkeleyDB

#include "tables/database_file.hpp"
#include "tables/file_lock.hpp"

#include <fmt/format.h>

#include <db.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

namespace postfix_proto {

namespace {

struct environment_closer {
    void operator()(DB_ENV* environment) const noexcept { environment->close(environment, 0); }
};
struct database_closer {
    void operator()(DB* database) const noexcept { database->close(database, 0); }
};
struct cursor_closer {
    void operator()(DBC* cursor) const noexcept { cursor->close(cursor); }
};
using environment_pointer = std::unique_ptr<DB_ENV, environment_closer>;
using database_pointer = std::unique_ptr<DB, database_closer>;
using cursor_pointer = std::unique_ptr<DBC, cursor_closer>;

/// Discards messages that libdb would write to standard error. Its return values are enough.
void ignore_message(const DB_ENV*, const char*, const char*) {}

/// The text of a libdb error: an errno value, or one of libdb's own codes, which are negative.
std::string error_text(int error) { return error > 0 ? errno_text(error) : db_strerror(error); }

struct database_handles {
    environment_pointer environment; // closed last
    database_pointer database;
    int error = 0;
};

/// Without an environment of its own, some builds of libdb obey a DB_CONFIG file in the working
/// directory; with one they look beside the database, where only its owner can write (Postfix 3.7:
/// dict_db_new_env). A private environment leaves no files.
database_handles open_handles(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "."
                                  : slash == 0               ? "/"
                                                             : path.substr(0, slash);
    const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);

    database_handles result;
    DB_ENV* environment = nullptr;
    if ((result.error = db_env_create(&environment, 0)) != 0)
        return result;
    result.environment.reset(environment);
    environment->set_errcall(environment, ignore_message);
    constexpr u_int32_t environment_flags = DB_INIT_MPOOL | DB_CREATE | DB_PRIVATE;
    if ((result.error = environment->open(environment, directory.c_str(), environment_flags, 0)) !=
        0)
        return result;

    DB* database = nullptr;
    if ((result.error = db_create(&database, environment, 0)) != 0)
        return result;
    result.database.reset(database);
    // Accept any type, to distinguish a mismatch from damage. DB_NOMMAP: if a mapped file is
    // truncated, the process gets SIGBUS instead of an error.
    result.error = database->open(database, nullptr, file.c_str(), nullptr, DB_UNKNOWN,
                                  DB_RDONLY | DB_NOMMAP, 0);
    return result;
}

result<void, std::string> read_all(DB* database, const entry_sink& add) {
    DBC* opened = nullptr;
    if (const int error = database->cursor(database, nullptr, &opened, 0); error != 0)
        return unexpected(error_text(error));
    const cursor_pointer cursor(opened);
    for (;;) {
        DBT key{}, value{};
        const int error = cursor->get(cursor.get(), &key, &value, DB_NEXT);
        if (error == DB_NOTFOUND)
            return {};
        if (error != 0)
            return unexpected("error reading database: " + error_text(error));
        add({static_cast<const char*>(key.data), key.size},
            {static_cast<const char*>(value.data), value.size});
    }
}

result<void, std::string> read_berkeley_db(std::string_view type, const std::string& path,
                                           const struct stat& locked, const entry_sink& add) {
    const database_handles handles = open_handles(path);
    if (handles.error != 0)
        return unexpected(error_text(handles.error));
    DB* const database = handles.database.get();
    DBTYPE actual_type = DB_UNKNOWN;
    if (const int error = database->get_type(database, &actual_type); error != 0)
        return unexpected(error_text(error));
    if (actual_type != (type == "btree" ? DB_BTREE : DB_HASH))
        return unexpected(fmt::format("not of type {}", type));
    int fd = -1;
    if (const int error = database->fd(database, &fd); error != 0)
        return unexpected(error_text(error));
    struct stat opened {};
    if (::fstat(fd, &opened) != 0)
        return unexpected(errno_text(errno));
    // The lock is useless if libdb has opened another file.
    if (opened.st_dev != locked.st_dev || opened.st_ino != locked.st_ino)
        return unexpected("replaced while it was being opened");
    return read_all(database, add);
}

} // namespace

opened_table open_berkeley_db_table(std::string_view type, std::string_view name,
                                    const open_options& options, logger& log) {
    const std::string path = std::string(name) + ".db";
    int major = 0, minor = 0, patch = 0;
    db_version(&major, &minor, &patch);
    if (major != DB_VERSION_MAJOR || minor != DB_VERSION_MINOR)
        return refuse_database(path,
                               fmt::format("built for Berkeley DB {}.{}, but running with {}.{}",
                                           DB_VERSION_MAJOR, DB_VERSION_MINOR, major, minor));
    const auto file = open_database_file(path);
    if (!file)
        return refuse_database(path, file.error());
    const shared_file_lock lock(file->descriptor.get(), options.patience);
    if (lock.error() == EWOULDBLOCK)
        return refuse_database(path, "database is locked");
    if (lock.error() != 0)
        return refuse_database(path, "lock: " + errno_text(lock.error()));
    return read_database(type, name, path, file->info, options, log, [&](const entry_sink& add) {
        return read_berkeley_db(type, path, file->info, add);
    });
}

} // namespace postfix_proto

#endif
