#include "postfix_proto/berkeley_db_table.hpp"

#include "file_descriptor.hpp"
#include "file_lock.hpp"

#include <db.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>

namespace postfix_proto {

namespace {

/// A lookup blocks the event loop for that long at most, when postmap has the file.
constexpr auto lookup_patience = std::chrono::milliseconds(100);

/// A source file that is newer than its database is normal while it is being edited; Postfix is
/// silent about one that changed less than this many seconds ago.
constexpr std::time_t source_grace = 100;

struct environment_closer {
    void operator()(DB_ENV* environment) const noexcept { environment->close(environment, 0); }
};
struct database_closer {
    void operator()(DB* database) const noexcept { database->close(database, 0); }
};
using environment_pointer = std::unique_ptr<DB_ENV, environment_closer>;
using database_pointer = std::unique_ptr<DB, database_closer>;

/// libdb would write its complaints to standard error. What it returns says enough.
void ignore_message(const DB_ENV*, const char*, const char*) {}

/// The text for what libdb returned: an errno value, or one of its own codes, which are negative.
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
    // Any type is let in to tell a mismatch from damage. DB_NOMMAP: a mapped file that postmap cuts
    // short to write it anew is a SIGBUS for whoever reads on.
    result.error = database->open(database, nullptr, file.c_str(), nullptr, DB_UNKNOWN,
                                  DB_RDONLY | DB_NOMMAP, 0);
    return result;
}

class berkeley_db_table final : public lookup_table {
public:
    berkeley_db_table(std::string_view type, std::string_view name, std::string path,
                      database_handles handles, int fd, const struct stat& when_opened)
        : lookup_table(type, name, true), path_(std::move(path)), handles_(std::move(handles)),
          fd_(fd), size_(when_opened.st_size), modified_(when_opened.st_mtim) {}

    lookup_result find(std::string_view key) override {
        const shared_file_lock lock(fd_, lookup_patience);
        if (lock.error() == EWOULDBLOCK)
            return lookup_result::failed("database is locked");
        if (lock.error() != 0)
            return lookup_result::failed("lock database: " + errno_text(lock.error()));
        if (has_changed())
            return lookup_result::failed("database has changed since it was opened");

        // Whether keys and values carry their NUL is not recorded in the file. The first key that
        // is found tells; until then both are tried.
        if (!keys_have_nul_.has_value() || *keys_have_nul_) {
            lookup_result result = get(std::string(key) + '\0');
            if (result.outcome == lookup_result::status::found)
                keys_have_nul_ = true;
            if (result.outcome != lookup_result::status::not_found || keys_have_nul_.has_value())
                return result;
        }
        lookup_result result = get(std::string(key));
        if (result.outcome == lookup_result::status::found)
            keys_have_nul_ = false;
        return result;
    }
    std::vector<std::string> files() const override { return {path_}; }

private:
    bool has_changed() const {
        struct stat now {};
        return ::fstat(fd_, &now) != 0 || now.st_size != size_ ||
               now.st_mtim.tv_sec != modified_.tv_sec || now.st_mtim.tv_nsec != modified_.tv_nsec;
    }

    lookup_result get(std::string key) {
        if (key.size() > std::numeric_limits<u_int32_t>::max())
            return lookup_result::not_found();
        DBT db_key{}, db_value{};
        db_key.data = key.data();
        db_key.size = static_cast<u_int32_t>(key.size());
        DB* const database = handles_.database.get();
        const int error = database->get(database, nullptr, &db_key, &db_value, 0);
        if (error == DB_NOTFOUND)
            return lookup_result::not_found();
        if (error != 0)
            return lookup_result::failed("error reading database: " + error_text(error));
        const std::string_view value(static_cast<const char*>(db_value.data), db_value.size);
        return lookup_result::found(std::string(value.substr(0, value.find('\0'))));
    }

    std::string path_;
    database_handles handles_;
    int fd_; // the database's own, so the lock is on the very file that is read
    off_t size_;
    timespec modified_;
    std::optional<bool> keys_have_nul_;
};

void warn_when_older_than_source(const std::string& path, const std::string& source,
                                 const struct stat& database, logger& log) {
    struct stat info {};
    if (::stat(source.c_str(), &info) == 0 && info.st_mtime > database.st_mtime &&
        info.st_mtime < std::time(nullptr) - source_grace)
        log.warning("database {} is older than source file {}", path, source);
}

} // namespace

opened_table open_berkeley_db_table(std::string_view type, std::string_view name,
                                    const open_options& options, logger& log) {
    const std::string path = std::string(name) + ".db";
    const auto refuse = [&](std::string_view why) {
        return opened_table{nullptr, fmt::format("open database {}: {}", path, why), {path}};
    };
    int major = 0, minor = 0, patch = 0;
    db_version(&major, &minor, &patch);
    if (major != DB_VERSION_MAJOR || minor != DB_VERSION_MINOR)
        return refuse(fmt::format("built for Berkeley DB {}.{}, but running with {}.{}",
                                  DB_VERSION_MAJOR, DB_VERSION_MINOR, major, minor));

    // O_NONBLOCK: a FIFO of that name must not hold up the start.
    const file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0)
        return refuse(errno_text(errno));
    if (!S_ISREG(info.st_mode))
        return refuse(S_ISDIR(info.st_mode) ? errno_text(EISDIR) : "not a regular file");
    const shared_file_lock lock(file.get(), options.patience);
    if (lock.error() == EWOULDBLOCK)
        return refuse("database is locked");
    if (lock.error() != 0)
        return refuse("lock: " + errno_text(lock.error()));

    database_handles handles = open_handles(path);
    if (handles.error != 0)
        return refuse(error_text(handles.error));
    DB* const database = handles.database.get();
    DBTYPE actual_type = DB_UNKNOWN;
    if (const int error = database->get_type(database, &actual_type); error != 0)
        return refuse(error_text(error));
    if (actual_type != (type == "btree" ? DB_BTREE : DB_HASH))
        return refuse(fmt::format("not of type {}", type));

    int fd = -1;
    if (const int error = database->fd(database, &fd); error != 0)
        return refuse(error_text(error));
    struct stat opened_info {};
    if (::fstat(fd, &opened_info) != 0)
        return refuse(errno_text(errno));
    // The lock that was held is worth nothing when libdb has come upon another file.
    if (opened_info.st_dev != info.st_dev || opened_info.st_ino != info.st_ino)
        return refuse("replaced while it was being opened");
    warn_when_older_than_source(path, std::string(name), info, log);
    return {std::make_unique<berkeley_db_table>(type, name, path, std::move(handles), fd, info),
            "",
            {}};
}

} // namespace postfix_proto
