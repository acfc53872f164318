/// Performs the checks of `flushd check`.
#pragma once

#include "flushd/core/flush_parameters.hpp"
#include "flushd/core/site_policy.hpp"
#include "flushd/tool/check/findings.hpp"
#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/postconf.hpp"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// One run of the command: performs all checks, in the order in which an operator would fix the
/// problems. For a user other than root, those that the user's rights suffice for; what remains is
/// a finding of its own.
class check {
public:
    /// How long a service may be silent before it counts as not answering.
    static constexpr std::chrono::seconds patience{10};

    /// The working directory must be queue_directory: see enter_queue_directory(). `where` and
    /// `found` must outlive it.
    check(const instance& where, findings& found);

    void run();

private:
    // check_configuration.cpp
    std::optional<service_entry> check_entry();
    void check_fields(const service_entry& entry);
    void check_program(std::string_view program);
    void read_main_cf(const std::optional<service_entry>& entry);
    void check_release();
    void check_domains();
    void check_proxied(const proxy_plan& plan);
    bool look_up(const std::string& site);
    void check_flush_directory();

    // check_etrn.cpp
    struct smtp_server;
    [[nodiscard]] std::vector<smtp_server> find_smtp_servers() const;
    void check_smtp_servers();
    void check_refusal(const std::vector<smtp_server>& servers);
    void check_openness(const std::vector<smtp_server>& servers);
    void check_keywords(const std::vector<smtp_server>& servers);
    void check_access_tables(const std::vector<smtp_server>& servers);
    [[nodiscard]] std::string set_command(const smtp_server& server, const std::string& parameter,
                                          const std::string& value) const;

    // check_services.cpp
    void check_answer(const std::optional<service_entry>& entry);
    void check_binary(const std::vector<service_process>& processes);
    void check_queue_manager();
    void check_age();
    void check_mail();

    // check_as_user.cpp
    void check_as_user();
    [[nodiscard]] bool may_be_permission(std::string_view problem) const;

    // Command lines that the operator can copy.
    [[nodiscard]] std::string command(std::string_view program, std::string_view arguments) const;
    [[nodiscard]] std::string mend_field(const service_entry& entry, std::string_view change) const;

    const instance& where_;
    std::string service_;
    std::string master_cf_;
    std::string main_cf_;
    bool is_root_;
    std::optional<pid_t> master_; // nothing if Postfix is not running, or to another user
    findings& found_;
    std::vector<std::string> complaints_; // what the service would have logged
    postfix_proto::logger log_;
    std::optional<postfix_proto::postconf_result> values_;
    std::optional<flush_parameters> parameters_;
    std::optional<site_policy> policy_;
    bool is_list_empty_ = false;
    bool is_any_eligible_ = false; // also a destination that the configuration does not name
};

} // namespace flushd::tool
