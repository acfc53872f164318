#include "flushd/housekeeping.hpp"

#include "postfix_proto/spawn.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <string_view>

namespace flushd {

namespace asio = boost::asio;
using postfix_proto::errno_text;

namespace {

struct close_directory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

} // namespace

housekeeping::housekeeping(asio::io_context& context, site_store& store, site_sender& sender,
                           std::chrono::seconds purge_time, postfix_proto::work_in_hand& work,
                           postfix_proto::logger& log)
    : context_(context), store_(store), sender_(sender), purge_time_(purge_time), work_(work),
      log_(log) {}

void housekeeping::start(std::chrono::seconds refresh_time) {
    wanted_ = std::min(refresh_time, wanted_.value_or(refresh_time));
    if (running_)
        return;
    running_ = true;
    postfix_proto::spawn(context_, rounds(work_.start()), log_, "refresh fast flush logfiles",
                         [this] { running_ = false; });
}

asio::awaitable<void> housekeeping::rounds(postfix_proto::work_in_hand::piece work) {
    const auto until_done = std::move(work);
    while (wanted_) {
        const auto refresh_time = *wanted_;
        wanted_.reset();
        turn this_turn(context_);
        co_await visit_directory(std::string(postfix_proto::queue_name::flush), refresh_time,
                                 this_turn);
    }
    running_ = false;
}

asio::awaitable<void> housekeeping::visit_directory(std::string directory,
                                                    std::chrono::seconds refresh_time,
                                                    turn& this_turn) {
    const std::unique_ptr<DIR, close_directory> entries(::opendir(directory.c_str()));
    if (!entries) {
        log_.warning("open directory {}: {}", directory, errno_text(errno));
        co_return;
    }
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(entries.get());
        if (entry == nullptr) {
            if (errno != 0)
                log_.warning("read directory {}: {}", directory, errno_text(errno));
            break;
        }
        const std::string name = entry->d_name;
        // Only sub-directories of a hashed queue have names of one byte; but a site may, too.
        if (name.size() == 1 && name != "." && is_directory(directory + '/' + name))
            co_await visit_directory(directory + '/' + name, refresh_time, this_turn);
        else if (const auto file = site_file::from_name(name))
            co_await visit(*file, refresh_time);
        if (this_turn.is_over())
            co_await this_turn.next();
    }
}

asio::awaitable<void> housekeeping::visit(const site_file& file,
                                          std::chrono::seconds refresh_time) {
    const std::string path = store_.path(file);
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0) {
        if (errno != ENOENT)
            log_.warning("stat {}: {}", path, errno_text(errno));
        co_return;
    }
    const std::time_t now = std::time(nullptr);
    if (status.st_size > 0) {
        if (status.st_atim.tv_sec < now - refresh_time.count())
            static_cast<void>(co_await sender_.send(file, file.name(), send_mode::refresh));
    } else if (const std::time_t oldest = now - purge_time_.count();
               status.st_mtim.tv_sec < oldest) {
        co_await remove(file, path, oldest);
    }
}

asio::awaitable<void> housekeeping::remove(const site_file& file, const std::string& path,
                                           std::time_t oldest) {
    // Under the lock, and after another look: an add may have come in between. (Stock Postfix
    // looks and unlinks without the lock.)
    auto opened = co_await store_.open_locked(file, site_log::missing::is_error);
    if (auto* logfile = std::get_if<site_log>(&opened)) {
        std::error_code failure;
        if (logfile->remove_if_empty_since(oldest, path, failure))
            log_.debug("removed {}: empty and unchanged for {} days", path,
                       purge_time_.count() / 86400);
        else if (failure)
            log_.warning("remove logfile {}: {}", path, failure.message());
    } else if (std::get<std::error_code>(opened) != std::errc::no_such_file_or_directory) {
        log_.warning("remove logfile {}: {}", path, std::get<std::error_code>(opened).message());
    }
}

} // namespace flushd
