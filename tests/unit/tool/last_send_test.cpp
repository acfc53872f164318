#include "catch.hpp"
#include "spool.hpp"

#include "flushd/daemon/logfile.hpp"
#include "flushd/tool/queue/listed_sites.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>

using namespace flushd;
using namespace flushd::tool;

namespace {

logfile_times times_of(int born, int read, int written, int noted = 0) {
    using std::chrono::seconds;
    logfile_times result;
    result.read = seconds(read);
    result.written = seconds(written);
    if (born > 0)
        result.born = seconds(born);
    if (noted > 0)
        result.noted = seconds(noted);
    return result;
}

logfile_times lists_nothing(logfile_times times) {
    times.lists_nothing = true;
    return times;
}

/// "at 5", "none since 5", or "" for never.
std::string told(const logfile_times& times, int since = 0) {
    std::optional<logfile_times::time> only_flushd_since;
    if (since > 0)
        only_flushd_since = std::chrono::seconds(since);
    const auto sent = find_last_send(times, only_flushd_since);
    CHECK_FALSE((sent.at && sent.none_since));
    return sent.at           ? "at " + std::to_string(*sent.at)
           : sent.none_since ? "none since " + std::to_string(*sent.none_since)
                             : "";
}

} // namespace

TEST_CASE("a last send is told only where it is certain") {
    // made, read, written last, noted; then since when it can only have been flushd
    CHECK(told(lists_nothing(times_of(10, 20, 20))).starts_with("at 20"));
    CHECK(told(lists_nothing(times_of(10, 90, 20))) == "at 20"); // somebody has read it
    CHECK(told(lists_nothing(times_of(0, 90, 20))) == "at 20");
    CHECK(told(lists_nothing(times_of(10, 50, 50, 30)), 5) == "at 50"); // sent by stock since
    CHECK(told(lists_nothing(times_of(10, 10, 12))).empty());

    CHECK(told(times_of(10, 10, 40)).empty());
    CHECK(told(times_of(10, 30, 40, 30)) == "at 30");
    CHECK(told(times_of(10, 29, 40, 30)) == "at 30"); // whole seconds
    CHECK(told(times_of(10, 35, 40, 30), 5) == "at 30");
    CHECK(told(times_of(10, 35, 40, 30), 30) == "none since 35");
    CHECK(told(times_of(10, 35, 40, 30)) == "none since 35"); // stock may be there
    CHECK(told(times_of(10, 35, 40), 5) == "none since 35");  // before flushd, or copied
    CHECK(told(times_of(0, 35, 40)) == "none since 35");
}

TEST_CASE("reading a logfile does not change when it was sent last") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    spool::write("flush/customer_tld", "A1\n");
    {
        auto opened = logfile::open("flush/customer_tld", logfile::missing::is_error);
        auto& file = *opened;
        REQUIRE_FALSE(file.try_lock());
        file.mark_sent();
    }
    const auto sent = read_listed_sites(layout).front().times.noted;
    if (!sent) {
        WARN("no extended attributes here");
        return;
    }
    const timespec later[2] = {{std::time(nullptr) + 60, 0}, {0, UTIME_OMIT}};
    REQUIRE(::utimensat(AT_FDCWD, "flush/customer_tld", later, 0) == 0);
    const auto times = read_listed_sites(layout).front().times;
    CHECK(is_in_doubt(times));
    CHECK(find_last_send(times, std::chrono::seconds(1)).at ==
          std::chrono::duration_cast<std::chrono::seconds>(*sent).count());
    CHECK_FALSE(find_last_send(times, std::nullopt).at);
}
