#include "catch.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/stderr_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

using namespace postfix_proto;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// Standard error is a pipe for as long as it exists.
class stderr_pipe {
public:
    stderr_pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reader_.reset(ends[0]);
        const file_descriptor writer(ends[1]);
        ::dup2(writer.get(), STDERR_FILENO);
        // Two pages: a pipe that soon is full, and takes two lines when it has been read.
        ::fcntl(STDERR_FILENO, F_SETPIPE_SZ, 8192);
    }
    ~stderr_pipe() { ::dup2(old_stderr_.get(), STDERR_FILENO); }
    stderr_pipe(const stderr_pipe&) = delete;
    stderr_pipe& operator=(const stderr_pipe&) = delete;

    /// What has been written so far, at least a byte.
    std::string read() {
        std::array<char, 8192> buffer{};
        const auto n = ::read(reader_.get(), buffer.data(), buffer.size());
        return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
    }

private:
    file_descriptor old_stderr_{::dup(STDERR_FILENO)};
    file_descriptor reader_;
};

} // namespace

TEST_CASE("stderr_sink writes name, label and text") {
    std::string written;
    {
        stderr_pipe standard_error;
        stderr_sink sink("postfix/flush");
        sink.write(severity::info, "progress");
        sink.write(severity::fatal, "the end");
        written = standard_error.read();
    }
    CHECK(written == "postfix/flush: progress\npostfix/flush: fatal: the end\n");
}

TEST_CASE("stderr_sink goes on when nobody reads, and says what was lost") {
    std::string written;
    {
        stderr_pipe standard_error;
        stderr_sink sink("a");
        const std::string text(2000, 'x');
        for (int i = 0; i < 100; ++i)
            sink.write(severity::info, text);
        static_cast<void>(standard_error.read());
        sink.write(severity::info, "again");
        written = standard_error.read();
    }
    CHECK_THAT(written, StartsWith("a: warning: "));
    CHECK_THAT(written, EndsWith(" lines lost\na: again\n"));
}
