// Any file is read within its limits, and what is found does not depend on what was read before it;
// the same bytes as a logfile of bounce(8) give entries that are parts of it.
#include "postfix_proto/queue_file.hpp"
#include "postfix_proto/bounce_log.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace postfix_proto;

namespace {

constexpr queue_file_limits limits{50, 100'000, 100};

bool same(const queue_file_envelope& a, const queue_file_envelope& b) {
    if (a.size != b.size || a.arrival_time != b.arrival_time || a.sender != b.sender ||
        a.content_filter != b.content_filter || a.finished != b.finished ||
        a.has_all != b.has_all || a.recipients.size() != b.recipients.size())
        return false;
    for (std::size_t i = 0; i < a.recipients.size(); ++i)
        if (a.recipients[i].address != b.recipients[i].address ||
            a.recipients[i].original != b.recipients[i].original ||
            a.recipients[i].offset != b.recipients[i].offset)
            return false;
    return true;
}

void read_queue_file(std::string_view bytes) {
    static const int fd = ::memfd_create("message", MFD_CLOEXEC);
    if (fd < 0 || ::ftruncate(fd, 0) < 0 ||
        ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        std::abort();
    static queue_file_reader used(limits);
    static queue_file_envelope kept;
    const auto failure = used.read(fd, kept);
    queue_file_envelope fresh;
    if (queue_file_reader(limits).read(fd, fresh) != failure || !same(kept, fresh))
        std::abort();
    if (fresh.recipients.size() > limits.recipients || fresh.size < 0 || fresh.arrival_time < 0)
        std::abort();
}

void read_bounce_log(std::string_view bytes) {
    std::string_view rest = bytes;
    auto left = rest.size();
    while (const auto entry = take_bounce_log_entry(rest)) {
        if (rest.size() >= left)
            std::abort();
        left = rest.size();
        for (const auto text : {entry->recipient, entry->reason, entry->host, entry->status}) {
            const bool inside =
                text.empty() || (text.data() >= bytes.data() &&
                                 text.data() + text.size() <= bytes.data() + bytes.size());
            if (!inside || text.find('\n') != std::string_view::npos)
                std::abort();
        }
        static_cast<void>(host_in_reason(entry->reason));
    }
    if (!rest.empty())
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read_queue_file(bytes);
    read_bounce_log(bytes);
    return 0;
}
