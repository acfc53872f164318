/// Reads the files of all messages in some queues, several at a time.
#pragma once

#include "flushd/tool/queue/queue_files.hpp"

#include "postfix_proto/queue_file.hpp"
#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <condition_variable>
#include <cstddef>
#include <ctime>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace flushd::tool {

/// The files of one message.
struct read_message {
    std::optional<postfix_proto::queue_id> id;
    queue_files::place where = queue_files::place::nowhere;
    std::time_t changed = 0; ///< when the queue file was changed, or is due
    postfix_proto::queue_file_envelope envelope;
    bool is_damaged = false; ///< the queue file could not be read to its end
    std::string defer_log;   ///< a logfile of bounce(8); empty if there is none
};

/// Nearly all time of a survey is spent in the kernel, which opens and reads two files for each
/// message, so threads of our own do that. How many messages they are ahead is bounded.
class queue_readers {
public:
    struct queue {
        std::string_view name;
        queue_files::place where;
    };
    struct failure {
        std::string_view queue;
        std::error_code reason;
    };
    /// Messages whose memory is used again.
    struct batch {
        std::vector<read_message> messages;
        std::size_t size = 0; ///< so many of them are there
    };

    /// Begins to read. `layout` must outlive this object.
    queue_readers(const postfix_proto::queue_layout& layout, const std::vector<queue>& queues);
    /// Stops reading.
    ~queue_readers();
    queue_readers(const queue_readers&) = delete;
    queue_readers& operator=(const queue_readers&) = delete;

    /// Fills `messages`, which may hold those of the last call. False at the end. Throws what a
    /// thread has met, such as std::bad_alloc.
    [[nodiscard]] bool next(batch& messages);

    /// The first queue that could not be read at all. To be called at the end.
    [[nodiscard]] const std::optional<failure>& unreadable() const noexcept { return unreadable_; }

private:
    class reader;
    struct directory { // below that of the queue
        queue of;
        std::string name;
    };

    void start_thread();
    [[nodiscard]] std::optional<directory> take_directory();
    void add_directory(directory added);
    void finish_directory(const directory& finished, std::error_code reason);
    /// False when no more is wanted.
    [[nodiscard]] bool hand_over(batch& full);

    const postfix_proto::queue_layout& layout_;
    std::mutex mutex_;
    std::condition_variable for_readers_, for_owner_;
    std::deque<directory> directories_; // that nobody reads yet
    std::size_t unfinished_ = 0;        // of these and of those that are being read
    std::deque<batch> full_, used_;
    bool is_stopped_ = false;
    std::exception_ptr thrown_;
    std::optional<failure> unreadable_;
    std::vector<std::thread> threads_;
};

} // namespace flushd::tool
