#include "flushd/tool/send/mail_on_its_way.hpp"

#include "flushd/tool/queue/queue_survey.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace flushd::tool {

using postfix_proto::queue_id;

namespace {

class finder {
public:
    finder(queue_context& queue, const std::set<logfile_name>& sites)
        : queue_(queue), sites_(sites) {}

    void visit(const waiting_message& message) {
        if (!seen_.insert(message.id.str()).second)
            return;
        std::set<logfile_name> found;
        for (const auto& recipient : message.recipients)
            if (const auto& file = logfile_of(std::string(recipient.domain));
                file && sites_.contains(*file))
                found.insert(*file);
        for (const auto& site : found)
            result[site].push_back(message.id);
    }

    std::map<logfile_name, std::vector<queue_id>> result;

private:
    const std::optional<logfile_name>& logfile_of(const std::string& domain) {
        const auto [known, is_new] = logfiles_.try_emplace(domain);
        if (is_new)
            known->second = queue_.names().logfile_of(domain);
        return known->second;
    }

    queue_context& queue_;
    const std::set<logfile_name>& sites_;
    std::unordered_map<std::string, std::optional<logfile_name>> logfiles_; // by domain
    std::unordered_set<std::string> seen_;
};

} // namespace

std::map<logfile_name, std::vector<queue_id>>
find_mail_on_its_way(queue_context& queue, const std::set<logfile_name>& sites) {
    finder all(queue, sites);
    survey_mail_on_its_way(queue, [&](const waiting_message& message) { all.visit(message); });
    return std::move(all.result);
}

} // namespace flushd::tool
