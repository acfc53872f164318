/// Counts the work of the service.
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

namespace flushd {

/// Each has a name in the file and one in `flushd metrics`; see counters.cpp.
enum class counter : std::size_t {
    add_ok,
    add_fail,
    add_deny,
    send_site_ok,
    send_site_fail,
    send_site_deny,
    send_file_ok,
    refresh_ok,
    purge_ok,
    malformed,
    send_moved,
    send_missing,
    send_held,
    send_duplicate,
    send_failed,
    send_delivered,
    send_bounced,
    send_gone,
    send_deferred,
    send_left,
    refresh_moved,
    refresh_missing,
    refresh_held,
    refresh_duplicate,
    refresh_failed,
    file_moved,
    file_missing,
    file_failed,
    sends,
    send_microseconds,
    refreshes,
    refresh_microseconds,
    write_failures,
    send_failures,
    bad_lines,
    compactions,
    removed_logfiles,
    housekeeping_rounds,
    other_hosts_accepted,
    other_hosts_refused,
    other_hosts_failed,
    other_hosts_dropped,
    starts,
};
inline constexpr std::size_t counter_count = static_cast<std::size_t>(counter::starts) + 1;

/// Counts that have not been written yet. An increment is a plain addition: only the thread that
/// serves the clients counts.
class counters {
public:
    using values = std::array<std::uint64_t, counter_count>;

    void add(counter which, std::uint64_t n = 1) noexcept {
        pending_[static_cast<std::size_t>(which)] += n;
        has_any_ = has_any_ || n > 0;
    }
    [[nodiscard]] bool has_any() const noexcept { return has_any_; }
    [[nodiscard]] const values& pending() const noexcept { return pending_; }
    void clear() noexcept {
        pending_.fill(0);
        has_any_ = false;
    }

private:
    values pending_{};
    bool has_any_ = false;
};

/// Counters that differ only in their labels.
struct counter_metric {
    std::string_view name; ///< without `postfix_flush_` and `_total`
    std::string_view help; ///< one sentence
    bool is_microseconds = false;
};

/// The names of a counter.
struct counter_name {
    counter which;
    std::string_view key; ///< in the file
    const counter_metric& metric;
    std::string_view labels{}; ///< `request="add",status="ok"`
};
[[nodiscard]] const counter_name& name_of(counter which);

/// The sums since the file was created, by key. The file has lines of a key, a blank and a number.
/// Keys of other versions are kept.
using counter_sums = std::map<std::string, std::uint64_t, std::less<>>;
[[nodiscard]] counter_sums parse_counters(std::string_view text);
[[nodiscard]] std::string format_counters(const counter_sums& sums);

/// $data_directory/flushd.counters. It is opened before the process enters its jail.
///
/// Additions are made under a lock, because after a change of the configuration an old process may
/// finish its work beside the new one.
class counters_file {
public:
    /// Larger than the file of any version.
    static constexpr std::size_t longest = 65536;

    /// The path for the service of this name (-n). The name `flush` is omitted from the file name.
    [[nodiscard]] static std::string path(const std::string& data_directory,
                                          const std::string& service_name);

    /// Opens or creates the file. A process that runs as root does so as the user, who owns the
    /// directory and could have put a link there. Throws startup_error if there is no such user.
    [[nodiscard]] std::error_code open(const std::string& path, const std::string& user);

    /// Adds the pending counts to the file and clears them. Does nothing if the file is not open.
    /// Never waits: if another process holds the lock or the disk is full, the counts stay pending.
    void save(counters& from);

private:
    postfix_proto::file_descriptor file_;
};

} // namespace flushd
