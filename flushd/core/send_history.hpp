/// Remembers the last sends.
#pragma once

#include "flushd/core/send_record.hpp"

#include "postfix_proto/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace flushd {

/// $data_directory/flushd.history: a ring of so many records. The oldest one makes room for the
/// next.
///
/// After a reload the old process may write beside the new one. Whoever writes has a lock on the
/// file, and takes the number after the highest one; a reader needs no lock, because a record that
/// is just being written is not whole.
class send_history {
public:
    static constexpr std::size_t most_records = 1000;
    static constexpr std::size_t longest_file = most_records * send_record_size;

    /// The path for the service of this name (-n).
    [[nodiscard]] static std::string path(const std::string& data_directory,
                                          const std::string& service_name);

    /// Opens or creates the file as the user, if the process is root; see open_data_file(). Without
    /// the file the others do nothing. Throws startup_error if there is no such user.
    [[nodiscard]] std::error_code open(const std::string& path, const std::string& user);

    /// Assigns the record a number and writes it. Never waits: if another process has the lock or
    /// the disk is full, the record waits for save().
    void add(send_record record);

    /// Writes the records that wait. Of too many, the oldest are lost.
    void save();

private:
    void write_waiting();
    [[nodiscard]] std::uint64_t next_number();

    postfix_proto::file_descriptor file_;
    std::deque<send_record> waiting_;
    std::uint64_t next_ = 0; // the least that may be free; 0: not known yet
};

/// The whole records of a file, in the order in which they were written.
[[nodiscard]] std::vector<send_record> parse_send_history(std::string_view content);

} // namespace flushd
