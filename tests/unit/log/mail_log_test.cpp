#include "catch.hpp"
#include "datagram_server.hpp"
#include "environment_guard.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/mail_log.hpp"
#include "postfix_proto/syslog_sink.hpp"

#include <syslog.h>

using namespace postfix_proto;

namespace {

log_settings settings_in(const temporary_directory& queue) {
    log_settings settings;
    settings.process_name = "flushd";
    settings.syslog_name = "postfix-out";
    settings.syslog_facility = "mail";
    settings.myhostname = "mx.example";
    settings.queue_directory = queue.path().string();
    settings.maillog_file_prefixes = "/var, /dev/stdout";
    settings.postlog_service_name = "postlog";
    return settings;
}

} // namespace

TEST_CASE("log_name is the tag and the last component of the process name") {
    CHECK(log_name("postfix", "/usr/libexec/flush") == "postfix/flush");
    CHECK(log_name("postfix/flush", "flushd") == "postfix/flush/flushd");
}

TEST_CASE("before the configuration the environment chooses the log and the tag") {
    const temporary_directory directory;
    datagram_server server(directory.file("postlog"));
    const environment_guard service("POSTLOG_SERVICE", directory.file("postlog"));
    const environment_guard host("POSTLOG_HOSTNAME", "mx.example");
    {
        const environment_guard tag("MAIL_LOGTAG", "postfix-in");
        make_log_sink_before_configuration("flushd")->write(severity::info, "x");
        CHECK_THAT(server.receive().value_or(""), contains_text(" mx postfix-in/flushd["));
    }
    const environment_guard tag("MAIL_LOGTAG", std::nullopt);
    const environment_guard no_host("POSTLOG_HOSTNAME", "");
    make_log_sink_before_configuration("flushd")->write(severity::info, "x");
    CHECK_THAT(server.receive().value_or(""), contains_text(" amnesiac postfix/flushd["));

    const environment_guard no_service("POSTLOG_SERVICE", "");
    const auto sink = make_log_sink_before_configuration("flushd");
    CHECK(dynamic_cast<syslog_sink*>(sink.get()) != nullptr);
}

TEST_CASE("after the configuration maillog_file chooses postlogd, and syslog_name the tag") {
    const temporary_directory queue;
    std::filesystem::create_directory(queue.path() / "public");
    datagram_server server(queue.file("public/postlog"));
    const environment_guard tag("MAIL_LOGTAG", "of-master");
    auto settings = settings_in(queue);
    settings.maillog_file = "/var/log/maillog";
    make_log_sink(settings)->write(severity::info, "x");
    CHECK_THAT(server.receive().value_or(""), contains_text(" mx postfix-out/flushd["));
}

TEST_CASE("make_log_sink takes only allowed places for maillog_file") {
    const temporary_directory queue;
    auto settings = settings_in(queue);
    const auto good = GENERATE(values<std::string>({"/var/log/x", "/dev/stdout", "/variant"}));
    settings.maillog_file = good;
    CHECK_NOTHROW(make_log_sink(settings));
    const auto bad = GENERATE(values<std::string>({"/tmp/x", "var/log", "/dev/std", " /var/x"}));
    settings.maillog_file = bad;
    CHECK_THROWS_WITH(make_log_sink(settings), contains_text("maillog_file: " + bad));
    settings.maillog_file_prefixes = " , ";
    CHECK_THROWS_AS(make_log_sink(settings), startup_error);
}

TEST_CASE("make_log_sink without maillog_file is syslog and checks the facility") {
    const temporary_directory queue;
    auto settings = settings_in(queue);
    CHECK(dynamic_cast<syslog_sink*>(make_log_sink(settings).get()) != nullptr);
    settings.syslog_facility = "male";
    CHECK_THROWS_WITH(make_log_sink(settings),
                      contains_text("syslog_facility") && contains_text("male"));
}

TEST_CASE("syslog facilities and priorities are Postfix's") {
    CHECK(syslog_facility_number("mail") == LOG_MAIL);
    CHECK(syslog_facility_number("local7") == LOG_LOCAL7);
    CHECK(syslog_facility_number("kern") == LOG_KERN);
    CHECK_FALSE(syslog_facility_number("MAIL"));
    CHECK_FALSE(syslog_facility_number("local8"));
    CHECK_FALSE(syslog_facility_number(""));
    CHECK(syslog_priority(severity::info) == LOG_INFO);
    CHECK(syslog_priority(severity::warning) == LOG_WARNING);
    CHECK(syslog_priority(severity::error) == LOG_ERR);
    CHECK(syslog_priority(severity::fatal) == LOG_CRIT);
    CHECK(syslog_priority(severity::panic) == LOG_CRIT);
}
