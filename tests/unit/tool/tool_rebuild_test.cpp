#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"
#include "fake_service.hpp"
#include "spool.hpp"

#include "flushd/tool/rebuild/rebuild.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

using namespace flushd;
using namespace flushd::tool;
using namespace std::string_literals;
using namespace std::chrono_literals;
using postfix_proto::flush_status;

namespace {

std::string message(const std::string& queue, const std::string& id,
                    const std::vector<std::string>& recipients) {
    postfix_proto::attribute_encoder list;
    list.add("queue_name", queue).add("queue_id", id).add("time", 17).add("size", 300);
    list.add("forced_expire", 0).add("sender", "a@b");
    for (const auto& address : recipients)
        list.add("recipient", address).add("reason", "because");
    return list.finish();
}

/// The same from Postfix 3.11, in the bounce log.
std::string bounced(const std::string& id, const std::string& address) {
    postfix_proto::attribute_encoder list;
    list.add("queue_name", "deferred").add("queue_id", id).add("time", 17).add("size", 300);
    list.add("forced_expire", 0).add("sender", "a@b");
    list.add("original_recipient", address).add("recipient", address);
    list.add("log_class", "bounce").add("reason", "user unknown");
    list.add("original_recipient", "x@waiting.tld").add("recipient", "x@waiting.tld");
    list.add("log_class", "defer").add("reason", "refused");
    return list.finish();
}

struct fixture {
    spool queue;
    postfix_proto::queue_layout layout{"", 1};
    site_names names;
    std::string listing;
    std::map<std::string, flush_status> answers; // else ok
    std::vector<std::string> adds;
    std::mutex mutex;
    fake_service showq{"public/showq", [this](const fake_client& client) {
                           client.say("protocol\0mail_queue_list_protocol\0\0"s + listing + "\0"s);
                       }};
    fake_service flush{"public/flush", [this](const fake_client& client) { serve(client); }, 64};

    void serve(const fake_client& client) {
        client.say(postfix_proto::flush_announcement());
        postfix_proto::flush_request_decoder decoder;
        const auto heard = client.hear();
        const auto result = decoder.feed(heard);
        if (!result)
            return;
        const auto& request =
            std::get<postfix_proto::add_request>(std::get<postfix_proto::flush_request>(*result));
        const std::lock_guard lock(mutex);
        adds.push_back(request.site + " " + request.id.str());
        const auto known = answers.find(request.site);
        client.say(encode(known == answers.end() ? flush_status::ok : known->second));
    }

    rebuild make(std::optional<std::set<logfile_name>> wanted = std::nullopt) {
        return {{"public/flush", 2s},      {"public/showq", 2s},
                read_listed_sites(layout), names,
                std::move(wanted),         {}};
    }
};

} // namespace

TEST_CASE(
    "rebuild adds what is deferred, once for each recipient's domain, and not what is listed") {
    fixture f;
    spool::write("flush/customer_tld", "A1\nA1\nA2");
    f.answers["denied.tld"] = flush_status::deny;
    f.listing = message("active", "X1", {"user@customer.tld"}) +
                message("hold", "X2", {"user@customer.tld"}) +
                message("deferred", "A1", {"user@customer.tld", "user@denied.tld"}) +
                message("deferred", "A11", {"a@customer.tld", "b@CUSTOMER.tld", "c@other.tld"}) +
                message("deferred", "A3", {"nobody", "x@", "\"a@b\"@other.tld", "x@denied.tld"});
    auto work = f.make();
    work.run();
    std::sort(f.adds.begin(), f.adds.end());
    CHECK(f.adds == std::vector<std::string>{"customer.tld A11", "denied.tld A1", "other.tld A11",
                                             "other.tld A3"});
    CHECK(work.result().messages == 3);
    CHECK(work.result().added == 3);
    CHECK(work.result().listed == 1);
    CHECK(work.result().denied == 2);
    CHECK(work.result().failed == 0);
    CHECK(work.eligible().size() == 2);
    CHECK(work.denied() == std::set<logfile_name>{*logfile_name::from_name("denied_tld")});
}

TEST_CASE("rebuild lists no message for a recipient that has bounced") {
    fixture f;
    f.listing = bounced("A1", "user@customer.tld") + bounced("A2", "user@customer.tld");
    auto work = f.make();
    work.run();
    std::sort(f.adds.begin(), f.adds.end());
    CHECK(f.adds == std::vector<std::string>{"waiting.tld A1", "waiting.tld A2"});
}

TEST_CASE("rebuild asks once about a destination that is not eligible") {
    fixture f;
    f.answers["denied.tld"] = flush_status::deny;
    for (int i = 0; i < 3000; ++i)
        f.listing += message("deferred", "A" + std::to_string(i), {"user@denied.tld"});
    auto work = f.make();
    work.run();
    CHECK(f.adds.size() == 1);
    CHECK(work.result().denied == 3000);
}

TEST_CASE("rebuild adds every message of a long queue") {
    fixture f;
    for (int i = 0; i < 3000; ++i)
        f.listing += message("deferred", "A" + std::to_string(i),
                             {"user@" + std::to_string(i % 7) + "a.tld"});
    auto work = f.make();
    work.run();
    CHECK(std::set<std::string>(f.adds.begin(), f.adds.end()).size() == 3000);
    CHECK(work.result().added == 3000);
}

TEST_CASE("rebuild is confined to the destinations that are wanted") {
    fixture f;
    f.listing = message("deferred", "A1", {"user@customer.tld", "user@other.tld"});
    auto work = f.make(std::set<logfile_name>{*logfile_name::from_name("other_tld")});
    work.run();
    CHECK(f.adds == std::vector<std::string>{"other.tld A1"});
}

TEST_CASE("rebuild says what the service could not add, and goes on") {
    fixture f;
    f.answers["broken.tld"] = flush_status::fail;
    f.listing = message("deferred", "A1", {"user@broken.tld", "user@other.tld"});
    auto work = f.make();
    work.run();
    CHECK(work.result().added == 1);
    CHECK(work.result().failed == 1);
    CHECK(work.first_failure().find("broken.tld") != std::string::npos);
}

TEST_CASE("rebuild ends when a service cannot be asked") {
    fixture f;
    f.listing = message("deferred", "A1", {"user@customer.tld"});
    rebuild without_flush({"public/none", 2s}, {"public/showq", 2s}, {}, f.names, std::nullopt, {});
    CHECK_THROWS_AS(without_flush.run(), tool_error);
    rebuild without_showq({"public/flush", 2s}, {"public/none", 2s}, {}, f.names, std::nullopt, {});
    CHECK_THROWS_AS(without_showq.run(), tool_error);
}
