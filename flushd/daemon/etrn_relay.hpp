/// Has other hosts send their mail for the sites that are requested here.
#pragma once

#include "flushd/core/counters.hpp"
#include "flushd/core/smtp_host.hpp"
#include "flushd/daemon/etrn_client.hpp"
#include "flushd/daemon/host_lookup.hpp"

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/domain_name.hpp"
#include "postfix_proto/repeated_warning.hpp"
#include "postfix_proto/service.hpp"
#include "postfix_proto/turns.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flushd {

/// Whom to ask, and the limits. Made before the jail, since it reads files.
struct etrn_relay_settings {
    std::vector<smtp_host> hosts;
    std::string hello; ///< this host's name
    name_service names;
    postfix_proto::domain_to_ascii to_ascii;

    std::chrono::seconds limit{30};  ///< from the request to the end of the conversation
    std::chrono::seconds quiet{60};  ///< so long no site is asked for again
    std::size_t most_at_once = 4;    ///< conversations with a host
    std::size_t most_waiting = 100;  ///< requests for a host that wait for their turn
    std::size_t most_sites = 10'000; ///< that are remembered

    static constexpr std::size_t most_hosts = 16;

    /// What the service's command line says: -H, with hosts as add_hosts() takes them. Nothing if
    /// it names none. Throws startup_error.
    [[nodiscard]] static std::optional<etrn_relay_settings>
    read(const postfix_proto::service_setup& setup);

    [[nodiscard]] bool has_names() const; ///< not only addresses
    /// How many descriptors it may need.
    [[nodiscard]] std::size_t descriptors() const { return hosts.size() * most_at_once; }
};

/// Asks each host by ETRN for each site that is requested here.
///
/// Hosts may name each other. A site is not asked for again while it is being asked for, and for a
/// while after that; so what comes back from a host is not passed on to it once more. A request
/// that could not be made in time is dropped: it would be too late to be told from a new one.
class etrn_relay {
public:
    /// What `runtime` refers to and `counts` must outlive the relay, and the relay the io_context's
    /// run.
    etrn_relay(const postfix_proto::service_runtime& runtime, counters& counts,
               etrn_relay_settings settings);
    ~etrn_relay();
    etrn_relay(const etrn_relay&) = delete;
    etrn_relay& operator=(const etrn_relay&) = delete;

    /// A site has been requested. Returns at once; the conversations are work in hand.
    void request(const std::string& site) noexcept;

private:
    using clock = std::chrono::steady_clock;
    class memory; // of the sites that were asked for
    struct peer;

    void request_now(const std::string& site);
    boost::asio::awaitable<void> ask(peer& host, std::string site, clock::time_point end,
                                     std::shared_ptr<void> until_asked);
    boost::asio::awaitable<postfix_proto::result<smtp_reply, std::string>>
    ask_each_address(const smtp_host& host, std::string site, clock::time_point end);

    postfix_proto::service_runtime runtime_;
    counters& counts_;
    etrn_relay_settings settings_;
    std::shared_ptr<memory> memory_;
    std::list<peer> hosts_;
    postfix_proto::repeated_warning unsent_;  // no answer to ETRN
    postfix_proto::repeated_warning refused_; // an answer that is none that one hopes for
    postfix_proto::repeated_warning dropped_; // not asked
};

} // namespace flushd
