#include "flushd/tool/queue/queue_readers.hpp"

#include "flushd/core/directory_walk.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

namespace flushd::tool {

using postfix_proto::file_descriptor;
using postfix_proto::queue_id;

namespace {

constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;

// More than this is left of a logfile that has thousands of recipients; they have no reason then.
constexpr std::size_t longest_log = std::size_t{1} << 20U;
// Usually all is in the first read; a string is cleared before it is read into.
constexpr std::size_t first_read = 2048;

// A batch has so many messages, or is full earlier when they are long.
constexpr std::size_t most_messages = 64;
constexpr std::size_t most_bytes = std::size_t{256} << 10U;
// What is kept for another message.
constexpr std::size_t usual_log = 16384, usual_recipients = 200;

// More levels than any queue has.
constexpr std::size_t longest_path = 40;

constexpr unsigned most_threads = 4;
// For each thread, so that descriptors are left where a queue has several levels of directories.
constexpr std::size_t most_open_directories = 64;

/// Appends what there is in the file, and does not ask again whether that was all.
void read_log(int fd, std::string& text) {
    text.resize(first_read);
    const auto size = ::pread(fd, text.data(), first_read, 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (text.size() == first_read &&
        postfix_proto::read_at(fd, first_read, longest_log - first_read, text))
        text.clear();
}

/// Opens files of a hashed queue, and keeps their directories open.
class queue_directories {
public:
    queue_directories(const postfix_proto::queue_layout& layout, std::string_view queue)
        : layout_(layout), queue_(queue) {}

    [[nodiscard]] file_descriptor open(const queue_id& id) {
        const auto path = layout_.path(queue_, id);
        const auto name = path.rfind('/');
        const auto& directory = directory_of(path.substr(0, name));
        return directory ? postfix_proto::open_without_trace(directory.get(),
                                                             path.c_str() + name + 1, reading)
                         : file_descriptor();
    }

private:
    const file_descriptor& directory_of(const std::string& path) {
        if (const auto known = open_.find(path); known != open_.end())
            return known->second;
        if (open_.size() >= most_open_directories)
            open_.clear();
        return open_.emplace(path, open_foreign_directory(foreign_path::in_queue(path)))
            .first->second;
    }

    const postfix_proto::queue_layout& layout_;
    std::string_view queue_;
    std::map<std::string, file_descriptor> open_;
};

} // namespace

/// One thread.
class queue_readers::reader {
public:
    explicit reader(queue_readers& owner) : owner_(owner), defer_logs_(owner.layout_, "defer") {}

    void run() {
        while (const auto next = owner_.take_directory())
            owner_.finish_directory(*next, read(*next));
    }

private:
    [[nodiscard]] std::error_code read(const directory& where) {
        auto opened = open_foreign_directory({std::string(where.of.name), where.name});
        directory_walk walk;
        if (const auto failure =
                opened ? walk.enter(where.name, std::move(opened)) : postfix_proto::last_error())
            return failure;
        while (!walk.is_done()) {
            const auto next = walk.next();
            if (!next || !*next)
                continue;
            const auto& [path, name, at] = **next;
            if (may_be_hash_directory(name)) {
                if (path.size() < longest_path)
                    owner_.add_directory({where.of, path});
            } else if (auto id = queue_id::parse(name)) {
                read_message(*std::move(id), where.of.where, at);
                if ((batch_.size >= most_messages || bytes_ >= most_bytes) && !hand_over())
                    return {};
            }
        }
        static_cast<void>(batch_.size == 0 || hand_over());
        return {};
    }

    bool hand_over() {
        bytes_ = 0;
        return owner_.hand_over(batch_);
    }

    void read_message(queue_id id, queue_files::place where, int at) {
        const auto file = postfix_proto::open_without_trace(at, id.str().c_str(), reading);
        struct stat status {};
        // A file that is still being written has not all of these permissions (mail_queue.h).
        if (!file || ::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode) ||
            (status.st_mode & S_IRWXU) != S_IRWXU)
            return;
        if (batch_.size == batch_.messages.size())
            batch_.messages.emplace_back();
        auto& one = batch_.messages[batch_.size++];
        one.where = where;
        one.changed = status.st_mtim.tv_sec;
        one.is_damaged = static_cast<bool>(queue_file_.read(file.get(), one.envelope));
        one.defer_log.clear();
        if (const auto log = defer_logs_.open(id))
            read_log(log.get(), one.defer_log);
        one.id = std::move(id);
        bytes_ += one.defer_log.size() + one.envelope.recipients.size() * 100;
    }

    queue_readers& owner_;
    queue_directories defer_logs_;
    postfix_proto::queue_file_reader queue_file_;
    batch batch_;
    std::size_t bytes_ = 0;
};

queue_readers::queue_readers(const postfix_proto::queue_layout& layout,
                             const std::vector<queue>& queues)
    : layout_(layout) {
    for (const auto& one : queues)
        add_directory({one, {}});
    const auto count = std::clamp(std::thread::hardware_concurrency(), 1U, most_threads);
    // Signals are for the thread that waits for them.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        while (threads_.size() < count)
            start_thread();
    } catch (const std::exception&) {
        if (threads_.empty())
            thrown_ = std::current_exception();
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

queue_readers::~queue_readers() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    for_readers_.notify_all();
    for (auto& thread : threads_)
        thread.join();
}

void queue_readers::start_thread() {
    threads_.emplace_back([this] {
        try {
            reader(*this).run();
        } catch (...) {
            const std::lock_guard lock(mutex_);
            thrown_ = std::current_exception();
            is_stopped_ = true;
        }
        for_readers_.notify_all();
        for_owner_.notify_all();
    });
}

std::optional<queue_readers::directory> queue_readers::take_directory() {
    std::unique_lock lock(mutex_);
    for_readers_.wait(lock,
                      [this] { return is_stopped_ || unfinished_ == 0 || !directories_.empty(); });
    if (is_stopped_ || directories_.empty())
        return std::nullopt;
    auto result = std::move(directories_.front());
    directories_.pop_front();
    return result;
}

void queue_readers::add_directory(directory added) {
    const std::lock_guard lock(mutex_);
    directories_.push_back(std::move(added));
    ++unfinished_;
    for_readers_.notify_one();
}

void queue_readers::finish_directory(const directory& finished, std::error_code reason) {
    const std::lock_guard lock(mutex_);
    if (reason && finished.name.empty() && !unreadable_)
        unreadable_ = failure{finished.of.name, reason};
    if (--unfinished_ > 0)
        return;
    for_readers_.notify_all();
    for_owner_.notify_all();
}

bool queue_readers::hand_over(batch& full) {
    std::unique_lock lock(mutex_);
    for_readers_.wait(lock, [this] { return is_stopped_ || full_.size() < 2 * most_threads; });
    if (is_stopped_)
        return false;
    full_.push_back(std::exchange(full, {}));
    if (!used_.empty()) {
        full = std::move(used_.front());
        used_.pop_front();
    }
    for_owner_.notify_one();
    return true;
}

bool queue_readers::next(batch& messages) {
    for (auto& one : messages.messages) {
        if (one.defer_log.capacity() > usual_log)
            one.defer_log = {};
        if (one.envelope.recipients.capacity() > usual_recipients)
            one.envelope.recipients = {};
    }
    messages.size = 0;
    std::unique_lock lock(mutex_);
    if (!messages.messages.empty())
        used_.push_back(std::exchange(messages, {}));
    for_owner_.wait(lock, [this] { return thrown_ || !full_.empty() || unfinished_ == 0; });
    if (thrown_)
        std::rethrow_exception(thrown_);
    if (full_.empty())
        return false;
    messages = std::move(full_.front());
    full_.pop_front();
    for_readers_.notify_one();
    return true;
}

} // namespace flushd::tool
