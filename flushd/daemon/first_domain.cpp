#include "flushd/daemon/first_domain.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/queue_file.hpp"

#include <fcntl.h>

#include <string_view>

namespace flushd {

namespace {

// Enough for the records before the content, where the first recipient is. (A pipe or a Milter may
// have put it behind the content: then little is read there.)
constexpr postfix_proto::queue_file_limits first_one{.recipients = 1, .bytes = 65536, .jumps = 100};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

std::string first_domain(const std::string& path) {
    const postfix_proto::file_descriptor file(
        ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file)
        return {};
    postfix_proto::queue_file_reader reader(first_one);
    postfix_proto::queue_file_envelope envelope;
    // What was found before an error is good enough.
    static_cast<void>(reader.read(file.get(), envelope));
    if (envelope.recipients.empty())
        return {};
    const std::string_view address = envelope.recipients.front().address;
    const auto at = address.rfind('@');
    std::string result(at == std::string_view::npos ? std::string_view() : address.substr(at + 1));
    for (char& c : result)
        c = lower(c);
    return result;
}

} // namespace flushd
