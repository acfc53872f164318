/// Fills the logfiles from the deferred queue.
#pragma once

#include "flushd/core/keyed_hash.hpp"
#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/site_names.hpp"

#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/showq_client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flushd::tool {

/// Reads the deferred queue from showq(8) and adds each message to the logfiles of its recipients'
/// domains, as the delivery agents would have done: through the flush service, which also decides
/// which are eligible. Messages that are already listed are skipped, so a second run adds nothing.
///
/// Safe at any time: neither the ID of a message that is gone nor a duplicate line does harm.
class rebuild {
public:
    struct counts {
        std::size_t messages = 0; ///< deferred messages
        std::size_t added = 0;    ///< lines added
        std::size_t listed = 0;   ///< already listed
        std::size_t denied = 0;   ///< for destinations that are not eligible
        std::size_t failed = 0;   ///< the service failed, or did not answer
    };

    /// Simultaneous connections. More are not faster: the service handles one after the other.
    static constexpr std::size_t connections = 16;

    /// Command lines for whoever cannot use the services: those of the instance in hand.
    struct advice {
        std::string start = "postfix start";  ///< when Postfix is stopped
        std::string list = "postqueue -p";    ///< for a user who may not ask showq(8)
        std::string deliver = "postqueue -f"; ///< for one who may not ask the flush service
    };

    /// Fills the `wanted` logfiles, or all. `names` must outlive this object.
    rebuild(postfix_proto::flush_client_settings flush, postfix_proto::showq_client_settings showq,
            std::vector<listed_site> listed, const site_names& names,
            std::optional<std::set<logfile_name>> wanted, advice commands);

    /// Sets a function to call from time to time.
    void on_progress(std::function<void(const counts&)> action) {
        on_progress_ = std::move(action);
    }

    /// Throws tool_error if showq(8) or the flush service cannot be reached.
    void run();

    [[nodiscard]] const counts& result() const noexcept { return counts_; }
    /// The logfiles of the eligible destinations, and of those that were denied.
    [[nodiscard]] std::set<logfile_name> eligible() const;
    [[nodiscard]] std::set<logfile_name> denied() const;
    /// The first failure; empty if there was none.
    [[nodiscard]] const std::string& first_failure() const noexcept { return first_failure_; }

private:
    /// A domain as it is written in a recipient's address; another spelling is another object.
    struct domain {
        enum class state { unknown, asking, eligible, denied };
        std::string name;
        std::optional<logfile_name> file;
        const std::vector<postfix_proto::queue_id>* listed = nullptr; // sorted
        state is = state::unknown;
        std::vector<postfix_proto::queue_id> waiting; // for the reply to the first request
    };
    using sorted_ids = std::vector<postfix_proto::queue_id>;

    boost::asio::awaitable<void> read_queue();
    boost::asio::awaitable<void> add(domain& to, postfix_proto::queue_id id);
    domain& find_domain(std::string_view name);
    void enqueue(domain& to, const postfix_proto::queue_id& id);
    void start_adds();
    // Runs it beside what is under way.
    void start(boost::asio::awaitable<void> part);
    // Until nothing is under way, or something has failed: throws that.
    boost::asio::awaitable<void> wait_until_done();
    // Until it is cancelled.
    static boost::asio::awaitable<void> wait_for(boost::asio::steady_timer& event);
    void take_answer(domain& to, const postfix_proto::flush_result& answer);
    void report_progress();

    boost::asio::io_context context_{1};
    postfix_proto::flush_client flush_;
    postfix_proto::showq_client queue_;
    const site_names& names_;
    advice advice_;
    std::optional<std::set<logfile_name>> wanted_;
    std::map<logfile_name, sorted_ids> listed_;
    std::unordered_map<std::string, domain, keyed_text_hash> domains_;
    std::deque<std::pair<domain*, postfix_proto::queue_id>> jobs_;
    boost::asio::steady_timer room_{context_}; // cancelled when jobs_ has room
    boost::asio::steady_timer done_{context_}; // cancelled when it may be time to stop
    bool has_read_queue_ = false;
    std::size_t under_way_ = 0; // that, and adds
    std::size_t steps_ = 0;
    counts counts_;
    std::string first_failure_;
    std::function<void(const counts&)> on_progress_;
    std::exception_ptr failure_; // the first one, which ends it all
};

} // namespace flushd::tool
