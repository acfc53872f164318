#include "catch.hpp"
#include "open_logfile.hpp"
#include "spool.hpp"

#include "flushd/core/sent_note.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <ctime>
#include <string>
#include <system_error>

using flushd::logfile;

TEST_CASE("logfile notes when it was sent where reading does not change it") {
    const spool queue;
    spool::write(logfile_path, "A1\n");
    auto file = open_locked(logfile::missing::is_error);
    const int fd = ::open(logfile_path, O_RDONLY | O_CLOEXEC);
    const auto none = flushd::sent_time(fd);
    REQUIRE_FALSE(none);
    if (none.error() == std::errc::not_supported) {
        WARN("no extended attributes here");
        ::close(fd);
        return;
    }
    CHECK(none.error() == std::errc::no_message_available);
    const auto before = std::time(nullptr);
    file.mark_sent();
    const auto sent = *flushd::sent_time(fd);
    CHECK(sent.tv_sec >= before);
    struct stat status {};
    REQUIRE(::fstat(fd, &status) == 0);
    CHECK((status.st_atim.tv_sec == sent.tv_sec && status.st_atim.tv_nsec == sent.tv_nsec));
    REQUIRE(::utimensat(AT_FDCWD, logfile_path, nullptr, 0) == 0);
    CHECK(flushd::sent_time(fd)->tv_nsec == sent.tv_nsec);
    // Whoever owns the file may have written anything.
    for (const std::string text : {"", "1", "1.", ".5", "x", "1.2x", "1.1000000000", "1.-1"}) {
        REQUIRE(::setxattr(logfile_path, "user.flushd.sent", text.data(), text.size(), 0) == 0);
        INFO(text);
        CHECK_FALSE(flushd::sent_time(fd));
    }
    ::close(fd);
}
