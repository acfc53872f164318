#include "catch.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/stderr_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

using namespace postfix_proto;

TEST_CASE("stderr_sink writes name, label and text") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const file_descriptor reader(ends[0]);
    file_descriptor writer(ends[1]);
    const file_descriptor old_stderr(::dup(STDERR_FILENO));
    ::dup2(writer.get(), STDERR_FILENO);
    stderr_sink sink("postfix/flush");
    sink.write(severity::info, "progress");
    sink.write(severity::fatal, "the end");
    ::dup2(old_stderr.get(), STDERR_FILENO);
    writer.reset();
    std::array<char, 256> buffer{};
    const auto n = ::read(reader.get(), buffer.data(), buffer.size());
    REQUIRE(n > 0);
    CHECK(std::string(buffer.data(), static_cast<std::size_t>(n)) ==
          "postfix/flush: progress\npostfix/flush: fatal: the end\n");
}
