#include "flushd/tool/queue/selection_file.hpp"

#include "flushd/core/replace_file.hpp"
#include "flushd/core/selection.hpp"
#include "flushd/tool/postfix/as_mail_owner.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <unistd.h>

#include <ctime>
#include <string>

namespace flushd::tool {

namespace {

constexpr mode_t only_its_owner = 0600;

/// The directory is mail_owner's: root must not follow what is in it.
void as_its_owner(const queue_context& queue, const std::function<std::string()>& function) {
    if (::geteuid() == 0)
        static_cast<void>(as_mail_owner(queue.postfix(), function));
    else
        static_cast<void>(function());
}

logfile_name new_name() {
    static unsigned number = 0;
    return selection_name(std::time(nullptr), ::getpid(), number++);
}

} // namespace

logfile_name write_selection(const queue_context& queue,
                             const std::vector<postfix_proto::queue_id>& ids) {
    std::string text;
    for (const auto& id : ids)
        text.append(id.str()).push_back('\n');
    auto file = new_name();
    const auto path = queue.layout().path(postfix_proto::queue_name::flush, file.name());
    as_its_owner(queue, [&]() -> std::string {
        if (const auto failure = postfix_proto::make_parent_directories(path))
            throw tool_error("create " + path + ": " + failure.message(), EX_CANTCREAT);
        if (const auto written = replace_file(path, text, {.mode = only_its_owner}); !written)
            throw tool_error(written.error(), EX_CANTCREAT);
        return {};
    });
    return file;
}

void remove_selection(const queue_context& queue, const logfile_name& file) {
    const auto path = queue.layout().path(postfix_proto::queue_name::flush, file.name());
    as_its_owner(queue, [&]() -> std::string {
        ::unlink(path.c_str()); // or housekeeping does
        return {};
    });
}

} // namespace flushd::tool
