/// Reads the envelope of a queued message from its queue file.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace postfix_proto {

/// A record of a queue file: a letter, a length in groups of seven bits, the lowest first, and text
/// (global/record.c, the same in Postfix 3.4 to 3.11).
struct queue_file_record {
    char type = 0;         ///< see global/rec_type.h
    std::string_view text; ///< a part of the bytes that it was taken from
};

/// Removes the next record from the front of `bytes`. Nothing, if it is incomplete or its length is
/// not one; `bytes` is then undefined.
[[nodiscard]] std::optional<queue_file_record>
take_queue_file_record(std::string_view& bytes) noexcept;

/// A recipient to whom the message is still to be delivered.
struct envelope_recipient {
    std::string address;  ///< as in an envelope, without quotes and angle brackets
    std::string original; ///< before it was rewritten, often the same; empty if the file has none
    off_t offset = 0;     ///< of its record; a bounce_log_entry has the same one
};

/// What the records around the content say.
struct queue_file_envelope {
    std::int64_t size = 0;         ///< of the content, in bytes, as postqueue(1) shows it
    std::int64_t arrival_time = 0; ///< seconds since 1970
    std::string sender;            ///< empty for a message of the mail system
    std::string content_filter;    ///< TRANSPORT:NEXTHOP that all recipients go to; usually empty
    std::vector<envelope_recipient> recipients; ///< whose delivery is pending, in the file's order
    std::size_t finished = 0; ///< recipients that were delivered to, or returned to the sender
    bool has_all = true;      ///< false when there are more recipients than the limit
};

/// What is read at most, so that a damaged file costs little.
struct queue_file_limits {
    std::size_t recipients = 10'000;      ///< in one envelope
    std::size_t bytes = 16 * 1024 * 1024; ///< of one file
    std::size_t jumps = 20'000; ///< pointer records that are followed (cleanup(8) writes one for
                                ///< each edit of a Milter; qmgr(8) follows 10000 backwards)
};

/// Reads one queue file after the other; keeps its buffers. It reads as qmgr(8) does: the records
/// before the content, then those after it, and follows pointers. The content is passed over, so a
/// large message costs no more than a small one.
///
/// Postfix keeps a queue file's name and its envelope while the message is queued, but marks
/// recipients as done in place: what is read is true of some moment while the function runs.
class queue_file_reader {
public:
    /// Takes the limits.
    explicit queue_file_reader(queue_file_limits limits = {}) : limits_(limits) {}

    /// Replaces `envelope` by that of the open queue file. Takes no lock and leaves the file's
    /// offset alone.
    ///
    /// The error of pread(2); `bad_message` when it is no queue file, or not complete (one that is
    /// still being written has no end record); `file_too_large` when a limit was reached other than
    /// that of recipients. `envelope` then has what was found before.
    [[nodiscard]] std::error_code read(int fd, queue_file_envelope& envelope);

private:
    [[nodiscard]] std::error_code read_records(queue_file_envelope& envelope);
    [[nodiscard]] std::error_code next(queue_file_record& record);
    [[nodiscard]] std::error_code jump(std::string_view pointer);
    [[nodiscard]] std::error_code make_available(std::size_t size);
    [[nodiscard]] std::string_view available() const noexcept;
    [[nodiscard]] std::error_code take(const queue_file_record& record,
                                       queue_file_envelope& envelope);
    void take_size(std::string_view text, queue_file_envelope& envelope);
    void take_recipient(std::string_view address, queue_file_envelope& envelope);

    queue_file_limits limits_;
    int fd_ = -1;
    std::string window_;      // bytes of the file
    off_t window_start_ = 0;  // where they begin
    bool at_end_ = false;     // no more come after them
    off_t position_ = 0;      // of the next record
    off_t record_start_ = 0;  // of the last one
    off_t content_start_ = 0; // 0 when it is not known
    off_t content_size_ = 0;
    std::size_t bytes_read_ = 0;
    std::size_t jumps_ = 0;
    std::string original_; // of the next recipient
    bool has_size_ = false, has_time_ = false, has_sender_ = false;
};

} // namespace postfix_proto
