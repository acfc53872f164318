/// Runs the flush service as a child of master(8).
#pragma once

#include "flushd/core/counters.hpp"
#include "flushd/core/flush_parameters.hpp"
#include "flushd/core/send_history.hpp"
#include "flushd/core/site_policy.hpp"
#include "flushd/core/unfinished_sends.hpp"
#include "flushd/daemon/etrn_relay.hpp"
#include "flushd/daemon/flush_service.hpp"

#include "postfix_proto/service.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace flushd {

/// Reads the configuration and opens the tables of fast_flush_domains, then serves. Throws
/// startup_error when it cannot start.
class flush_daemon final : public postfix_proto::service {
public:
    /// The description of the service for run_service().
    [[nodiscard]] static postfix_proto::service_program program();

    explicit flush_daemon(const postfix_proto::service_setup& setup);

    [[nodiscard]] std::vector<std::string> watched_files() const override;
    [[nodiscard]] std::size_t descriptors() const override;
    [[nodiscard]] std::optional<postfix_proto::confinement> confinement() const override;
    void begin(const postfix_proto::service_runtime& runtime) override;
    [[nodiscard]] std::vector<postfix_proto::worker_thread*> workers() override;
    boost::asio::awaitable<void> serve(postfix_proto::client_connection& client) override;
    void master_has_gone() override;
    void end() override;

private:
    void open_own_files(const postfix_proto::service_setup& setup);
    void keep_layout(const postfix_proto::service_setup& setup);
    boost::asio::awaitable<void> look_and_save();

    flush_parameters parameters_;
    site_policy policy_;
    counters counts_;
    counters_file counts_on_disk_;
    unfinished_sends unfinished_;
    send_history history_;
    std::size_t most_open_logfiles_;
    postfix_proto::logger& log_;
    std::optional<etrn_relay_settings> others_; // until begin()
    std::optional<etrn_relay> relay_;           // if there are other hosts
    std::optional<flush_service> flush_;
};

} // namespace flushd
