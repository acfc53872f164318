#include "flushd/daemon/compactor.hpp"

#include "flushd/core/line_set.hpp"
#include "flushd/core/snapshot_mark.hpp"
#include "flushd/daemon/log_rewrite.hpp"
#include "flushd/daemon/slice.hpp"

#include "postfix_proto/spawn.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace flushd {

namespace asio = boost::asio;

namespace {

// The number of lines between two checks of the clock: some microseconds.
constexpr int lines_at_once = 64;

/// Finds the first occurrence of each line, in pieces. Omits marks, so that the process that made
/// one finds it removed: see compact_now().
class unique_lines {
public:
    using clock = std::chrono::steady_clock;

    /// `lines` must outlive this object.
    explicit unique_lines(const std::string& lines) : lines_(lines), rest_(lines) {}

    /// Continues for about this long. Returns true at the end.
    [[nodiscard]] bool go_on(clock::duration how_long) {
        const auto end = clock::now() + how_long;
        if (!seen_)
            seen_.emplace(lines_);
        do {
            for (int i = 0; i < lines_at_once && !rest_.empty(); ++i) {
                const auto line = take_line(rest_);
                if (!is_mark(line) && seen_->insert(line))
                    kept_.append(line).push_back('\n');
            }
        } while (!rest_.empty() && clock::now() < end);
        return rest_.empty();
    }

    [[nodiscard]] const std::string& kept() const noexcept { return kept_; }

private:
    const std::string& lines_;
    std::string_view rest_;
    std::optional<line_set> seen_; // created by the first call of go_on()
    std::string kept_;
};

} // namespace

void compactor::grown(const logfile_name& site, std::size_t size) {
    if (size <= small && compacted_size_.empty()) // almost every add
        return;
    std::size_t limit = small;
    if (const auto before = compacted_size_.find(site); before != compacted_size_.end()) {
        if (size < before->second)
            compacted_size_.erase(before);
        else
            limit = std::max(limit, 2 * before->second);
    }
    if (size <= limit || running_.contains(site) || sender_.is_sending(site))
        return;
    running_.insert(site);
    try {
        postfix_proto::spawn(daemon_.context, compact(site), daemon_.log,
                             "compact fast flush logfile", daemon_.work.start(),
                             [this, site] { running_.erase(site); });
    } catch (...) {
        running_.erase(site); // else it could not be compacted again
        throw;
    }
}

asio::awaitable<void> compactor::compact(logfile_name site) {
    const auto failure = co_await compact_now(site);
    if (failure && failure != std::errc::no_such_file_or_directory)
        daemon_.log.warning("compact fast flush logfile {}: {}", site.name(), failure.message());
    running_.erase(site);
}

asio::awaitable<std::error_code> compactor::compact_now(const logfile_name& site) {
    auto opened = co_await store_.open_locked(site, logfile::missing::is_error);
    if (!opened)
        co_return opened.error();
    auto& opened_logfile = *opened;
    // Whatever the result, the next attempt is made when the logfile has doubled.
    const auto before = compacted_size_[site] = opened_logfile.size();
    // A send in this process relies on the lines that it has read, or would read the mark.
    if (sender_.is_sending(site))
        co_return std::error_code();
    auto listed = std::make_unique<logfile::snapshot>();
    logfile::outcome read;
    while (!read) {
        read = co_await daemon_.worker.run([&] {
            const auto result = opened_logfile.take_snapshot(*listed, slice);
            if (result)
                opened_logfile.unlock();
            return result;
        });
    }
    if (*read || listed->mark.empty())
        co_return *read;
    auto unique = std::make_unique<unique_lines>(listed->lines);
    bool found_all = false;
    while (!found_all)
        found_all = co_await daemon_.worker.run([&] { return unique->go_on(slice); });

    if (const auto failure = co_await store_.lock(opened_logfile))
        co_return failure;
    // A send that has begun since removes the mark together with the lines, as does a send by
    // another process.
    if (sender_.is_sending(site))
        co_return std::error_code();
    // After a reload, the previous flushd may be in the middle of a send. A line that was listed
    // again since then is merged here with one that the send is about to remove. But its mark is
    // removed here, too, so it will leave the file unchanged.
    const bool gains = unique->kept().size() < listed->lines.size();
    log_rewrite rewrite(opened_logfile, *listed, unique->kept());
    logfile::outcome written;
    while (!written)
        written = co_await daemon_.worker.run([&] { return rewrite.go_on(slice); });
    const auto size = opened_logfile.size();
    co_await daemon_.worker.run([&] { // because it takes milliseconds
        unique.reset();
        listed.reset();
    });
    const auto failure = *written;
    if (failure)
        co_return failure;
    if (gains && size < before) {
        compacted_size_[site] = size;
        daemon_.counts.add(counter::compactions);
        daemon_.log.debug("compacted fast flush logfile {}: {} bytes, were {}", site.name(), size,
                          before);
    }
    co_return std::error_code();
}

} // namespace flushd
