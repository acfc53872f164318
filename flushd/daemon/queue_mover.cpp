#include "flushd/daemon/queue_mover.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"

#include <fcntl.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

namespace flushd {

using postfix_proto::errno_text;
using postfix_proto::file_descriptor;
using postfix_proto::queue_id;
namespace queue_name = postfix_proto::queue_name;

namespace {

// Permissions of a queue file (mail_queue.h, Postfix 3.7).
constexpr mode_t ready = 0700;
constexpr mode_t unthrottle = S_IRGRP;

bool set_times(const std::string& path, std::time_t now) {
    const timespec times[2] = {{now, 0}, {now, 0}};
    return ::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0;
}

file_descriptor open_queue_file(const std::string& path) {
    return file_descriptor(
        ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

} // namespace

queue_mover::location queue_mover::find(const queue_id& id, std::time_t now,
                                        deferred_transports transports, queue_places& places) {
    location result;
    const auto is_at = [&](std::string_view queue, std::string path) {
        const auto state = prepare(path, now, transports);
        if (state != move_result::missing)
            result = {queue, std::move(path), state};
        return state != move_result::missing;
    };
    // Another flush service may have moved the file a moment ago, hence two queues.
    for (const auto queue : {queue_name::deferred, queue_name::incoming})
        if (is_at(queue, layout_.path(queue, id)))
            return result;
    for (auto& path : places.elsewhere(id))
        if (is_at(queue_name::deferred, std::move(path)))
            return result;
    if (places.is_held(id))
        result.state = move_result::held;
    return result;
}

/// Makes a message due, and its transport one that is used.
move_result queue_mover::prepare(const std::string& path, std::time_t now,
                                 deferred_transports transports) {
    // In this order: a scan that finds the message due has to find the permission.
    const bool is_to_be_permitted =
        transports == deferred_transports::permitted ||
        (transports == deferred_transports::overridden && defers_transports_);
    if (is_to_be_permitted && !permit(path))
        return move_result::missing;
    if (set_times(path, now))
        return move_result::moved;
    if (errno == ENOENT)
        return move_result::missing;
    log_.warning("update {} time stamps: {}", path, errno_text(errno));
    return move_result::failed;
}

/// Gives the permission to a message that is ready. Whatever else this is, the send does with it
/// what it would do without. False when there is nothing.
bool queue_mover::permit(const std::string& path) {
    const file_descriptor file = open_queue_file(path);
    if (!file)
        return errno != ENOENT;
    struct stat status {};
    const bool is_message = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                            status.st_nlink == 1 && (status.st_mode & ready) == ready;
    if (is_message && ::fchmod(file.get(), (status.st_mode & 07777U) | unthrottle) < 0)
        log_.warning("fchmod {}: {}", path, errno_text(errno));
    return true;
}

/// In this order, which is that of a qmgr(8) that begins anew.
void queue_mover::permit_again(const queue_id& id) {
    for (const auto queue : {queue_name::active, queue_name::incoming})
        if (permit(layout_.path(queue, id)))
            return;
}

move_result queue_mover::move_to_incoming(const queue_id& id, const location& from) {
    if (from.queue == queue_name::incoming)
        return move_result::moved;
    const std::string to = layout_.path(queue_name::incoming, id);
    if (::rename(from.path.c_str(), to.c_str()) == 0)
        return move_result::moved;
    if (errno == ENOENT && !postfix_proto::make_parent_directories(to) &&
        ::rename(from.path.c_str(), to.c_str()) == 0)
        return move_result::moved;
    if (errno == ENOENT) // somebody else moved it since we set its times
        return move_result::moved;
    log_.warning("rename {} to {}: {}", from.path, to, errno_text(errno));
    return move_result::failed;
}

move_result queue_mover::expedite(const queue_id& id, std::time_t now,
                                  deferred_transports transports, queue_places& places) {
    const location from = find(id, now, transports, places);
    return from.state == move_result::moved ? move_to_incoming(id, from) : from.state;
}

move_result queue_mover::expedite_unthrottled(const queue_id& id, std::time_t now) {
    queue_places places(layout_);
    location from = find(id, now, deferred_transports::respected, places);
    if (from.state != move_result::moved)
        return from.state;
    // The descriptor, not the path, gets the permission: with a path, whoever can change the
    // directory could have it set on a file of his choice.
    file_descriptor file;
    while (true) {
        file = open_queue_file(from.path);
        if (file)
            break;
        if (errno != ENOENT) {
            log_.warning("open {}: {}", from.path, errno_text(errno));
            return move_result::failed;
        }
        if (from.queue == queue_name::incoming)
            return move_result::missing;
        from.queue = queue_name::incoming;
        from.path = layout_.path(from.queue, id);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) < 0) {
        log_.warning("fstat {}: {}", from.path, errno_text(errno));
        return move_result::failed;
    }
    if (status.st_nlink != 1) {
        log_.warning("open {}: file has {} links", from.path, status.st_nlink);
        return move_result::failed;
    }
    if ((status.st_mode & ready) != ready)
        return move_result::missing;
    if (!S_ISREG(status.st_mode)) {
        log_.warning("open {}: not a regular file", from.path);
        return move_result::failed;
    }
    if (::fchmod(file.get(), (status.st_mode & 07777U) | unthrottle) < 0)
        log_.warning("fchmod {}: {}", from.path, errno_text(errno));
    return move_to_incoming(id, from);
}

} // namespace flushd
