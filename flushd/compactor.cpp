#include "flushd/compactor.hpp"

#include "flushd/line_set.hpp"

#include "postfix_proto/spawn.hpp"

#include <algorithm>
#include <string_view>
#include <variant>

namespace flushd {

namespace asio = boost::asio;

namespace {

std::string unique_lines(const std::string& lines) {
    std::string kept;
    line_set seen(lines);
    for (std::string_view rest = lines; !rest.empty();)
        if (const auto line = take_line(rest); seen.insert(line))
            kept.append(line).push_back('\n');
    return kept;
}

} // namespace

void compactor::grown(const site_file& site, std::size_t size) {
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
    postfix_proto::spawn(context_, compact(site, work_.start()), log_, "compact fast flush logfile",
                         [this, site] { running_.erase(site); });
}

asio::awaitable<void> compactor::compact(site_file site, postfix_proto::work_in_hand::piece work) {
    const auto until_done = std::move(work);
    const auto failure = co_await compact_now(site);
    if (failure && failure != std::errc::no_such_file_or_directory)
        log_.warning("compact fast flush logfile {}: {}", site.name(), failure.message());
    running_.erase(site);
}

asio::awaitable<std::error_code> compactor::compact_now(const site_file& site) {
    auto opened = co_await store_.open_locked(site, site_log::missing::is_error);
    if (const auto* failure = std::get_if<std::error_code>(&opened))
        co_return *failure;
    auto& logfile = std::get<site_log>(opened);
    // Whatever comes of it, the next attempt is not before the logfile has doubled.
    compacted_size_[site] = logfile.size();
    site_log::snapshot listed;
    std::string kept;
    const auto read_failure = co_await worker_.run([&] {
        const auto failure = logfile.take_snapshot(listed);
        logfile.unlock();
        if (!failure)
            kept = unique_lines(listed.lines);
        return failure;
    });
    if (read_failure)
        co_return read_failure;
    if (kept.size() >= listed.lines.size()) // nothing to be gained
        co_return std::error_code();

    if (const auto failure = co_await store_.lock(logfile))
        co_return failure;
    // A send in this process will look for the lines that it has read. One that another process
    // has done since is noticed by replace().
    if (sender_.is_sending(site))
        co_return std::error_code();
    const auto before = logfile.size();
    const auto failure = co_await worker_.run([&] {
        // Another flushd, which is to end after a reload, may be in the middle of a send. What was
        // listed again since it looked would become one with the lines that it is about to drop.
        const auto not_invalidated = logfile.invalidate_other_snapshots(listed);
        return not_invalidated ? not_invalidated : logfile.replace(listed, kept);
    });
    if (failure)
        co_return failure;
    if (logfile.size() < before) {
        compacted_size_[site] = logfile.size();
        counts_.add(counter::compactions);
        log_.debug("compacted fast flush logfile {}: {} bytes, were {}", site.name(),
                   logfile.size(), before);
    }
    co_return std::error_code();
}

} // namespace flushd
