#include "postfix_proto/queue_file.hpp"

#include "postfix_proto/file_io.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace postfix_proto {

namespace {

namespace record_type {
constexpr char size = 'C', time = 'T', sender = 'S', recipient = 'R', delivered = 'D',
               cancelled = '/', original_recipient = 'O', filter = 'L', content = 'M',
               extracted = 'X', pointer = 'p', end = 'E';
} // namespace record_type

// A letter and a length of at most five bytes (the length has 32 bits).
constexpr std::size_t longest_header = 6;

// Most envelopes of a small message, and the records after its content, are within so many bytes.
constexpr std::size_t usual_read = 4096;

// Addresses and fixed fields are shorter (line_length_limit is 2048), lines of content are not
// read.
constexpr std::size_t longest_record = 65536;

struct record_header {
    char type;
    std::size_t size;   // of the header itself
    std::size_t length; // of the text
};

std::optional<record_header> parse_header(std::string_view bytes) noexcept {
    std::size_t length = 0;
    for (std::size_t i = 1; i < std::min(bytes.size(), longest_header); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        length |= static_cast<std::size_t>(byte & 0x7fU) << (7 * (i - 1));
        if ((byte & 0x80U) == 0)
            return record_header{bytes[0], i + 1, length};
    }
    return std::nullopt;
}

/// Removes a number from the front of columns.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0)
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::error_code bad_file() { return std::make_error_code(std::errc::bad_message); }
std::error_code too_large() { return std::make_error_code(std::errc::file_too_large); }

} // namespace

std::optional<queue_file_record> take_queue_file_record(std::string_view& bytes) noexcept {
    const auto header = parse_header(bytes);
    if (!header || header->length > bytes.size() - header->size)
        return std::nullopt;
    const queue_file_record result{header->type, bytes.substr(header->size, header->length)};
    bytes.remove_prefix(header->size + header->length);
    return result;
}

std::error_code queue_file_reader::read(int fd, queue_file_envelope& envelope) {
    envelope.size = envelope.arrival_time = 0;
    envelope.sender.clear();
    envelope.content_filter.clear();
    envelope.recipients.clear();
    envelope.finished = 0;
    envelope.has_all = true;

    fd_ = fd;
    window_.clear();
    window_start_ = position_ = record_start_ = content_start_ = content_size_ = 0;
    bytes_read_ = jumps_ = 0;
    at_end_ = false;
    original_.clear();
    has_size_ = has_time_ = has_sender_ = false;
    return read_records(envelope);
}

std::error_code queue_file_reader::read_records(queue_file_envelope& envelope) {
    for (queue_file_record record;;) {
        if (content_start_ > 0 && position_ == content_start_) {
            // A position before it would be read again, and again.
            position_ += content_size_;
            content_start_ = 0;
        }
        if (const auto failure = next(record))
            return failure;
        if (record.type == record_type::end)
            return has_size_ && has_time_ && has_sender_ ? std::error_code() : bad_file();
        if (const auto failure =
                record.type == record_type::pointer ? jump(record.text) : take(record, envelope))
            return failure;
        if (!envelope.has_all && has_size_ && has_time_ && has_sender_)
            return {};
    }
}

/// The text of the record is valid until the next call.
std::error_code queue_file_reader::next(queue_file_record& record) {
    record_start_ = position_;
    if (const auto failure = make_available(longest_header))
        return failure;
    auto header = parse_header(available());
    if (!header)
        return bad_file();
    if (header->length > longest_record)
        return too_large();
    if (const auto failure = make_available(header->size + header->length))
        return failure;
    const auto bytes = available();
    if (bytes.size() < header->size + header->length)
        return bad_file();
    record = {header->type, bytes.substr(header->size, header->length)};
    position_ += static_cast<off_t>(header->size + header->length);
    return {};
}

/// Goes where a pointer record says, as cleanup(8) has edited the file. 0 means: nowhere.
std::error_code queue_file_reader::jump(std::string_view pointer) {
    const auto to = take_number(pointer);
    if (!to)
        return bad_file();
    if (++jumps_ > limits_.jumps)
        return too_large();
    if (*to > 0)
        position_ = *to;
    return {};
}

std::string_view queue_file_reader::available() const noexcept {
    const auto offset = static_cast<std::size_t>(position_ - window_start_);
    return std::string_view(window_).substr(std::min(offset, window_.size()));
}

/// Less is available at the end of the file.
std::error_code queue_file_reader::make_available(std::size_t size) {
    const auto end = window_start_ + static_cast<off_t>(window_.size());
    if (position_ >= window_start_ && position_ <= end && (at_end_ || available().size() >= size))
        return {};
    const auto wanted = std::max(size, usual_read);
    window_.resize(wanted);
    window_start_ = position_;
    ssize_t got = 0;
    do
        got = ::pread(fd_, window_.data(), wanted, position_);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return last_error();
    window_.resize(static_cast<std::size_t>(got));
    at_end_ = window_.size() < wanted;
    bytes_read_ += window_.size() + 1;
    return bytes_read_ > limits_.bytes ? too_large() : std::error_code();
}

std::error_code queue_file_reader::take(const queue_file_record& record,
                                        queue_file_envelope& envelope) {
    auto text = record.text;
    switch (record.type) {
    case record_type::size:
        if (!has_size_)
            take_size(text, envelope);
        return {};
    case record_type::time:
        if (const auto time = has_time_ ? std::nullopt : take_number(text)) {
            envelope.arrival_time = *time;
            has_time_ = true;
        }
        return {};
    case record_type::sender:
        if (!std::exchange(has_sender_, true))
            envelope.sender = text;
        return {};
    case record_type::original_recipient:
        original_ = text;
        return {};
    case record_type::recipient:
        take_recipient(text, envelope);
        return {};
    case record_type::delivered:
    case record_type::cancelled:
        original_.clear();
        envelope.finished += record.type == record_type::delivered ? 1 : 0;
        return {};
    case record_type::filter:
        envelope.content_filter = text; // the last one counts
        return {};
    case record_type::content:
        // It is passed over by the next step, if the first record has said how.
        return content_start_ == position_ ? std::error_code() : bad_file();
    default: // there are many that say nothing about the delivery
        return {};
    }
}

/// The size of the content, where it begins, and more (REC_TYPE_SIZE_FORMAT).
void queue_file_reader::take_size(std::string_view text, queue_file_envelope& envelope) {
    const auto size = take_number(text);
    const auto start = take_number(text);
    constexpr std::int64_t largest = std::int64_t{1} << 48; // sums of offsets stay numbers
    if (!size || !start || *size > largest || *start > largest)
        return;
    envelope.size = *size;
    content_size_ = *size;
    content_start_ = *start;
    has_size_ = true;
}

void queue_file_reader::take_recipient(std::string_view address, queue_file_envelope& envelope) {
    if (envelope.recipients.size() >= limits_.recipients) {
        envelope.has_all = false;
        return;
    }
    envelope.recipients.push_back({std::string(address), std::move(original_), record_start_});
    original_.clear();
}

} // namespace postfix_proto
