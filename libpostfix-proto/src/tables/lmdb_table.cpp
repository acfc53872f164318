#include "tables/lmdb_table.hpp"

#include "postfix_proto/errors.hpp"

#ifdef POSTFIX_PROTO_HAVE_LMDB

#include "tables/database_file.hpp"

#include <fcntl.h>
#include <lmdb.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

namespace postfix_proto {

namespace {

struct environment_closer {
    void operator()(MDB_env* environment) const noexcept { mdb_env_close(environment); }
};
struct transaction_closer {
    void operator()(MDB_txn* transaction) const noexcept { mdb_txn_abort(transaction); }
};
struct cursor_closer {
    void operator()(MDB_cursor* cursor) const noexcept { mdb_cursor_close(cursor); }
};

std::string_view view(const MDB_val& value) {
    return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// Takes the lock, until the descriptor is closed. Returns 0, EAGAIN if another process kept it, or
/// another errno value.
int lock_shared(int fd, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    struct flock lock {};
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    while (::fcntl(fd, F_SETLK, &lock) != 0) {
        const int error = errno == EACCES ? EAGAIN : errno;
        if ((error != EAGAIN && error != EINTR) || std::chrono::steady_clock::now() >= deadline)
            return error;
        std::this_thread::sleep_for(
            std::min<std::chrono::milliseconds>(std::chrono::milliseconds(10), patience));
    }
    return 0;
}

/// Runs in a process of its own, where no other descriptor for the file is closed: that would
/// release the lock.
result<void, std::string> read_lmdb(const std::string& path, const open_options& options,
                                    const entry_sink& add) {
    MDB_env* opened_environment = nullptr;
    if (const int error = mdb_env_create(&opened_environment); error != 0)
        return unexpected(mdb_strerror(error));
    const std::unique_ptr<MDB_env, environment_closer> environment(opened_environment);
    // The flags that Postfix uses: its lock replaces LMDB's, which would need a second file.
    constexpr unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_RDONLY;
    if (const int error = mdb_env_open(environment.get(), path.c_str(), flags, 0); error != 0)
        return unexpected(mdb_strerror(error));
    int fd = -1;
    if (const int error = mdb_env_get_fd(environment.get(), &fd); error != 0)
        return unexpected(mdb_strerror(error));
    if (const int error = lock_shared(fd, options.patience); error != 0)
        return unexpected(error == EAGAIN ? "database is locked" : "lock: " + errno_text(error));

    // Missing pages would terminate this process; half a page would be read as zeros.
    MDB_stat pages{};
    struct stat info {};
    if (mdb_env_stat(environment.get(), &pages) == 0 && pages.ms_psize > 0 &&
        ::fstat(fd, &info) == 0 && info.st_size % static_cast<off_t>(pages.ms_psize) != 0)
        return unexpected("cut short");

    MDB_txn* opened_transaction = nullptr;
    if (const int error =
            mdb_txn_begin(environment.get(), nullptr, MDB_RDONLY, &opened_transaction);
        error != 0)
        return unexpected(mdb_strerror(error));
    const std::unique_ptr<MDB_txn, transaction_closer> transaction(opened_transaction);
    MDB_dbi database = 0;
    if (const int error = mdb_dbi_open(transaction.get(), nullptr, 0, &database); error != 0)
        return unexpected(mdb_strerror(error));
    MDB_cursor* opened_cursor = nullptr;
    if (const int error = mdb_cursor_open(transaction.get(), database, &opened_cursor); error != 0)
        return unexpected(mdb_strerror(error));
    const std::unique_ptr<MDB_cursor, cursor_closer> cursor(opened_cursor);
    for (;;) {
        MDB_val key{}, value{};
        const int error = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT);
        if (error == MDB_NOTFOUND)
            return {};
        if (error != 0)
            return unexpected(std::string("error reading database: ") + mdb_strerror(error));
        add(view(key), view(value));
    }
}

} // namespace

opened_table open_lmdb_table(std::string_view type, std::string_view name,
                             const open_options& options, logger& log) {
    const std::string path = std::string(name) + ".lmdb";
    const auto file = open_database_file(path);
    if (!file)
        return refuse_database(path, file.error());
    return read_database(type, name, path, file->info, options, log,
                         [&](const entry_sink& add) { return read_lmdb(path, options, add); });
}

} // namespace postfix_proto

#endif
