#include "flushd/daemon/first_domain.hpp"

#include "flushd/core/address_text.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/queue_file.hpp"
#include "postfix_proto/queue_id.hpp"

#include <fcntl.h>

#include <string_view>

namespace flushd {

namespace {

// Enough for the records before the content, where the first recipient is. (A pipe or a Milter may
// have put it behind the content: then little is read there.)
constexpr postfix_proto::queue_file_limits first_one{.recipients = 1, .bytes = 65536, .jumps = 100};

// Of a logfile. The first recipients of a message may be those of another site.
constexpr int most_messages = 10;

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
    return lower_case(domain_of(envelope.recipients.front().address));
}

std::string site_of_messages(std::string_view lines, const logfile_name& file,
                             const postfix_proto::queue_layout& layout) {
    namespace queue_name = postfix_proto::queue_name;
    for (int i = 0; i < most_messages && !lines.empty(); ++i) {
        const auto id = postfix_proto::queue_id::parse(postfix_proto::take_line(lines));
        if (!id)
            continue;
        for (const auto queue : {queue_name::deferred, queue_name::incoming, queue_name::active}) {
            auto domain = first_domain(layout.path(queue, *id));
            if (!domain.empty() && logfile_name::from_site(domain) == file)
                return domain;
        }
    }
    return {};
}

} // namespace flushd
