#include "catch.hpp"

#include "flushd/core/flush_parameters.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/postconf.hpp"

#include <cstddef>
#include <utility>

using namespace flushd;
using postfix_proto::proxymap_form;

namespace {

flush_parameters read(const std::string& release, postfix_proto::parameter_values more = {}) {
    more.merge(postfix_proto::parameter_values{
        {"daemon_table_open_error_is_fatal", "no"},
        {"enable_idna2003_compatibility", "no"},
        {"fast_flush_domains", "customer.tld"},
        {"fast_flush_purge_time", "7d"},
        {"fast_flush_refresh_time", "12h"},
        {"config_directory", "/nonexistent"},
        {"defer_transports", ""},
        {"hash_queue_depth", "1"},
        {"hash_queue_names", "deferred, defer"},
        {"ipc_timeout", "3600s"},
        {"mail_version", release},
        {"parent_domain_matches_subdomains", "fast_flush_domains"},
        {"proxymap_service_name", "proxymap"},
        {"qmgr_message_active_limit", "20000"},
        {"qmgr_message_recipient_limit", "20000"},
        {"queue_service_name", "qmgr"},
        {"smtputf8_enable", "yes"},
        {"trigger_timeout", "10s"},
    });
    return read_flush_parameters(postfix_proto::postconf_result(std::move(more)));
}

} // namespace

TEST_CASE("the installed release decides how clients, lists and proxymap are treated") {
    struct row {
        const char* release;
        bool announces, joins;
        proxymap_form form;
    };
    const auto row = GENERATE(values<struct row>({
        {"3.5.25", false, false, proxymap_form::table_flags},
        {"3.6.0", true, false, proxymap_form::table_flags},
        {"3.7.11", true, false, proxymap_form::table_flags},
        {"3.8.20", true, true, proxymap_form::table_flags},
        {"3.10.13", true, true, proxymap_form::table_flags},
        {"3.11.0-RC1", true, true, proxymap_form::instance_flags},
        {"3.12-20260821", true, true, proxymap_form::instance_flags},
        {"4.0.0", true, true, proxymap_form::instance_flags},
    }));
    CAPTURE(row.release);
    const postfix_proto::parameter_values since_3_11{{"non_bdb_custom_mapping", ""},
                                                     {"non_bdb_migration_level", "disable"},
                                                     {"non_bdb_migration_log_redirect", "yes"},
                                                     {"default_cache_db_type", "lmdb"},
                                                     {"default_database_type", "cdb"}};
    const auto parameters = read(row.release, row.form == proxymap_form::instance_flags
                                                  ? since_3_11
                                                  : postfix_proto::parameter_values{});
    CHECK(parameters.announce_protocol == row.announces);
    CHECK(parameters.joins_list_lines == row.joins);
    CHECK(parameters.proxymap_form == row.form);
}

TEST_CASE("a release without redirection ignores the parameters for it") {
    const postfix_proto::parameter_values set{{"non_bdb_custom_mapping", ""},
                                              {"non_bdb_migration_level", "enable-redirect"},
                                              {"non_bdb_migration_log_redirect", "yes"},
                                              {"default_cache_db_type", "lmdb"},
                                              {"default_database_type", "cdb"}};
    CHECK_FALSE(read("3.10.13", set).berkeley_db.is_redirected);
    CHECK(read("3.11.0", set).berkeley_db.is_redirected);
    CHECK(read("3.11.0", set).berkeley_db.hash_type == "cdb");
    CHECK(read("3.11.0", set).berkeley_db.btree_type == "lmdb");
}

TEST_CASE("the sends have half of what the queue manager holds") {
    const auto limits = [](const char* messages, const char* recipients) {
        const auto parameters = read("3.7.11", {{"qmgr_message_active_limit", messages},
                                                {"qmgr_message_recipient_limit", recipients}});
        return std::pair(parameters.most_messages_in_delivery,
                         parameters.most_recipients_in_delivery);
    };
    using both = std::pair<std::size_t, std::size_t>;
    CHECK(limits("20000", "1000") == both(10000, 500));
    CHECK(limits("1", "1") == both(1, 1));
    CHECK(limits("0", "1000") == both(0, 0)); // no limit at all
}

TEST_CASE("what is not a version is refused") {
    CHECK_THROWS_AS(read("snapshot"), postfix_proto::startup_error);
}
