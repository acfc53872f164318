#include "flushd/tool/check/unlisted_mail.hpp"

#include "flushd/core/keyed_hash.hpp"
#include "flushd/tool/queue/listed_sites.hpp"

#include "postfix_proto/proxymap_client.hpp"
#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/showq_client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flushd::tool {

namespace asio = boost::asio;
using namespace postfix_proto;

namespace {

class search {
public:
    search(const flush_parameters& parameters, const std::string& showq_service,
           site_policy& policy, std::chrono::seconds silence_limit, logger& log)
        : layout_(parameters.hash_queue_names, parameters.hash_queue_depth), policy_(policy),
          queue_(context_, {.path = "public/" + showq_service, .silence_limit = silence_limit}),
          proxymap_(context_,
                    {.path = parameters.proxymap_socket,
                     .form = parameters.proxymap_form,
                     .limit = silence_limit},
                    log) {}

    unlisted_mail run() {
        run_until_done(context_, go_through_queue()); // connections to proxymap(8) may be left
        if (queue_.failure())
            result_.failure = queue_.failure()->text;
        confirm();
        return std::move(result_);
    }

private:
    using sorted_ids = std::vector<queue_id>;

    asio::awaitable<void> go_through_queue() {
        while (const auto* message = co_await queue_.next()) {
            if (message->queue_name != queue_name::deferred)
                continue;
            const auto id = message->id;
            std::set<logfile_name> sites; // a message is listed once for all its recipients there
            while (const auto* recipient = co_await queue_.next_recipient()) {
                const auto at = recipient->address.rfind('@');
                // Delivery agents list the mail that they have deferred, and that has a reason.
                if (recipient->reason.empty() || recipient->has_bounced() ||
                    at == std::string::npos)
                    continue;
                const auto* file = co_await find_site(recipient->address.substr(at + 1));
                if (file != nullptr)
                    sites.insert(*file);
            }
            if (!sites.empty())
                ++result_.looked_at;
            for (const auto& site : sites)
                if (!is_listed(site, id))
                    candidates_.emplace_back(site, id);
        }
    }

    /// Null if the site is not eligible, or if that is not known.
    asio::awaitable<const logfile_name*> find_site(std::string domain) {
        auto known = sites_.find(domain);
        if (known == sites_.end()) {
            auto verdict = co_await policy_.resolve(domain, proxymap_);
            std::optional<logfile_name> file;
            if (auto* eligible = std::get_if<logfile_name>(&verdict))
                file = std::move(*eligible);
            else if (std::get<site_policy::refusal>(verdict) == site_policy::refusal::unknown)
                ++result_.undecided;
            known = sites_.emplace(std::move(domain), std::move(file)).first;
        }
        co_return known->second ? &*known->second : nullptr;
    }

    bool is_listed(const logfile_name& site, const queue_id& id) {
        const auto [known, is_new] = listed_.try_emplace(site);
        auto& ids = known->second;
        if (is_new) {
            if (auto list = read_listed_site(layout_.path(queue_name::flush, site.name()), site))
                ids = std::move(list->ids);
            std::sort(ids.begin(), ids.end());
        }
        return std::binary_search(ids.begin(), ids.end(), id);
    }

    /// Examines the candidates again. A message may have been sent, and have left both its logfile
    /// and the deferred queue, between the reading of the one and of the other.
    void confirm() {
        listed_.clear();
        std::set<queue_id> missing;
        for (const auto& [site, id] : candidates_) {
            if (::access(layout_.path(queue_name::deferred, id).c_str(), F_OK) != 0 ||
                is_listed(site, id))
                continue;
            ++result_.sites[site.name()];
            if (missing.insert(id).second)
                ++result_.messages;
        }
    }

    asio::io_context context_{1};
    queue_layout layout_;
    site_policy& policy_;
    showq_client queue_;
    proxymap_client proxymap_;
    std::unordered_map<std::string, std::optional<logfile_name>, keyed_text_hash>
        sites_; // by domain
    std::unordered_map<logfile_name, sorted_ids> listed_;
    std::vector<std::pair<logfile_name, queue_id>> candidates_;
    unlisted_mail result_;
};

} // namespace

unlisted_mail find_unlisted_mail(const flush_parameters& parameters,
                                 const std::string& showq_service, site_policy& policy,
                                 std::chrono::seconds silence_limit, logger& log) {
    return search(parameters, showq_service, policy, silence_limit, log).run();
}

} // namespace flushd::tool
