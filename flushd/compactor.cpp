#include "flushd/compactor.hpp"

#include "flushd/line_set.hpp"
#include "flushd/turn.hpp"

#include "postfix_proto/spawn.hpp"

#include <algorithm>
#include <variant>

namespace flushd {

namespace asio = boost::asio;

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
    if (const auto failure = logfile.take_snapshot(listed))
        co_return failure;
    logfile.unlock();

    const std::string kept = co_await unique_lines(listed.lines);
    if (kept.size() >= listed.lines.size()) // nothing to be gained
        co_return std::error_code();

    if (const auto failure = co_await store_.lock(logfile))
        co_return failure;
    // A send in this process will look for the lines that it has read. One that another process
    // has done since is noticed by replace().
    if (sender_.is_sending(site))
        co_return std::error_code();
    // Another flushd, which is to end after a reload, may be in the middle of a send. What was listed
    // again since it looked would become one with the lines that it is about to drop.
    if (const auto failure = logfile.invalidate_other_snapshots(listed))
        co_return failure;
    const auto before = logfile.size();
    if (const auto failure = logfile.replace(listed, kept))
        co_return failure;
    if (logfile.size() < before) {
        compacted_size_[site] = logfile.size();
        log_.debug("compacted fast flush logfile {}: {} bytes, were {}", site.name(),
                   logfile.size(), before);
    }
    co_return std::error_code();
}

asio::awaitable<std::string> compactor::unique_lines(const std::string& lines) {
    std::string kept;
    line_set seen(lines);
    turn now(context_);
    for (std::string_view rest = lines; !rest.empty();) {
        const auto line = take_line(rest);
        if (seen.insert(line))
            kept.append(line).push_back('\n');
        if (now.is_over())
            co_await now.next();
    }
    co_return kept;
}

} // namespace flushd
