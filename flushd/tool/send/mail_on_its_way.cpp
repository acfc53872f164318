#include "flushd/tool/send/mail_on_its_way.hpp"

#include "flushd/tool/postfix/foreign_file.hpp"

#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_file.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace flushd::tool {

namespace {

namespace queue_name = postfix_proto::queue_name;
using postfix_proto::queue_id;

constexpr std::size_t head_size = 65536;
// Most messages have their recipients here.
constexpr std::size_t first_size = 4096;
// More than qmgr_message_active_limit is anywhere.
constexpr std::size_t most_files = 1'000'000;

class finder {
public:
    finder(queue_context& queue, const std::set<logfile_name>& sites)
        : queue_(queue), sites_(sites) {}

    void read_queue(std::string_view name) {
        const std::string directory(name);
        std::vector<queue_id> ids;
        // The directory changes while it is read, so reading the files comes later.
        static_cast<void>(walk_foreign_directory(directory, [&](const std::string& path,
                                                                const struct stat& found) {
            const auto slash = path.rfind('/');
            auto id = queue_id::parse(slash == std::string::npos ? path : path.substr(slash + 1));
            if (S_ISREG(found.st_mode) && id && ids.size() < most_files)
                ids.push_back(*std::move(id));
            return S_ISDIR(found.st_mode);
        }));
        for (auto& id : ids)
            read_file(name, std::move(id));
    }

    std::map<logfile_name, std::vector<queue_id>> result;

private:
    void read_file(std::string_view queue, queue_id id) {
        const auto file =
            open_foreign_file(foreign_path::in_queue(queue_.layout().path(queue, id)));
        if (!file || !seen_.insert(id.str()).second)
            return;
        std::string head;
        if (postfix_proto::read_at(file.get(), 0, first_size, head))
            return;
        auto found = sites_in(head);
        if (found.empty() && head.size() == first_size &&
            !postfix_proto::read_at(file.get(), first_size, head_size - first_size, head))
            found = sites_in(head);
        for (const auto& site : found)
            result[site].push_back(id);
    }

    std::set<logfile_name> sites_in(std::string_view head) {
        std::set<logfile_name> found;
        for (const auto recipient : pending_recipients(head)) {
            const auto file = logfile_of(std::string(domain_of(recipient)));
            if (file && sites_.contains(*file))
                found.insert(*file);
        }
        return found;
    }

    const std::optional<logfile_name>& logfile_of(const std::string& domain) {
        const auto [known, is_new] = logfiles_.try_emplace(domain);
        if (is_new)
            known->second = queue_.names().logfile_of(domain);
        return known->second;
    }

    queue_context& queue_;
    const std::set<logfile_name>& sites_;
    std::map<std::string, std::optional<logfile_name>> logfiles_; // by domain
    std::set<std::string> seen_;
};

} // namespace

std::vector<std::string_view> pending_recipients(std::string_view head) {
    constexpr char recipient = 'R', message = 'M';
    std::vector<std::string_view> result;
    while (const auto record = postfix_proto::take_queue_file_record(head)) {
        if (record->type == message)
            break;
        if (record->type == recipient)
            result.push_back(record->text);
    }
    return result;
}

std::map<logfile_name, std::vector<queue_id>>
find_mail_on_its_way(queue_context& queue, const std::set<logfile_name>& sites) {
    finder all(queue, sites);
    // In the direction in which messages move.
    all.read_queue(queue_name::incoming);
    all.read_queue(queue_name::active);
    return std::move(all.result);
}

} // namespace flushd::tool
