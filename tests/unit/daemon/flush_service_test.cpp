#include "catch.hpp"
#include "fake_proxymap.hpp"
#include "queue_with_service.hpp"

#include "flushd/core/probe.hpp"
#include "flushd/daemon/flush_session.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace flushd;
using namespace postfix_proto;
using namespace std::string_literals;
using boost::system::error_code;

namespace {

flush_parameters usual_parameters() {
    return serving("customer.tld, [192.0.2.1], !other.tld, texthash:/no/such/table");
}

/// A client that sends prepared pieces, then what `ending` says, and may fail to take the answer.
struct scripted_client final : client_connection {
    std::deque<std::string> pieces;
    error_code ending = asio::error::eof;
    error_code write_error;
    std::string received;
    std::optional<uid_t> its_user;

    std::optional<uid_t> user() override { return its_user; }
    asio::awaitable<error_code> read_some(std::string& input) override {
        if (pieces.empty())
            co_return ending;
        input += pieces.front();
        pieces.pop_front();
        co_return error_code{};
    }
    asio::awaitable<error_code> write(std::string_view output) override {
        if (!write_error)
            received += output;
        co_return write_error;
    }
};

struct fixture : queue_with_service {
    explicit fixture(const flush_parameters& served = usual_parameters())
        : queue_with_service(served, 256) {
        records.clear(); // of the table that cannot be opened
    }

    /// What a client gets that sends `pieces`, without the announcement.
    std::string converse(std::vector<std::string> pieces, error_code ending = asio::error::eof) {
        scripted_client client;
        client.pieces.assign(pieces.begin(), pieces.end());
        client.ending = ending;
        converse(client, false);
        return client.received;
    }
    void converse(client_connection& client, bool announce) {
        bool is_served = false;
        asio::co_spawn(context, serve_client(client, service, announce, log),
                       [&](const std::exception_ptr& failure) {
                           is_served = true;
                           if (failure)
                               std::rethrow_exception(failure);
                       });
        // The triggers' receiver closes them while the service works. What is sent is followed
        // for as long as nobody delivers it.
        context.restart();
        while (((!is_served || work.any()) && context.run_one_for(std::chrono::seconds(5)) > 0) ||
               context.poll() > 0)
            triggers += queue.take_triggers();
    }
    std::string triggers;

    std::string add(std::string_view site, std::string_view id) {
        return converse(
            {encode(flush_request(add_request{std::string(site), *queue_id::parse(id)}))});
    }
    std::string send_site(std::string_view site) {
        return converse({encode(flush_request(send_site_request{std::string(site)}))});
    }
};

const std::string ok = encode(flush_status::ok);
const std::string fail = encode(flush_status::fail);
const std::string bad = encode(flush_status::bad);
const std::string deny = encode(flush_status::deny);

} // namespace

TEST_CASE("flush service announces its protocol first, where Postfix does") {
    fixture f;
    scripted_client client;
    client.pieces = {encode(flush_request(purge_request{}))};
    f.converse(client, true);
    CHECK(client.received == flush_announcement() + ok);
}

TEST_CASE("flush service lists a message for an eligible site") {
    fixture f;
    CHECK(f.add("customer.tld", "A1") == ok);
    CHECK(f.add("CUSTOMER.TLD", "B2") == ok);
    CHECK(f.add("sub.customer.tld", "C3") == ok);
    CHECK(f.add("[192.0.2.1]", "D4") == ok);
    CHECK(spool::content("flush/customer_tld") == "A1\nB2\n");
    CHECK(spool::content("flush/sub_customer_tld") == "C3\n");
    CHECK(spool::content("flush/_192_0_2_1_") == "D4\n");
    CHECK(f.triggers.empty());
    CHECK(f.records.lines().empty());
}

TEST_CASE("flush service denies sites that are not eligible, and fails where it cannot tell") {
    fixture f;
    CHECK(f.add("other.tld", "A1") == deny);
    CHECK(f.send_site("other.tld") == deny);
    CHECK(f.records.lines().empty());
    CHECK(f.add("elsewhere.tld", "A1") == fail); // reaches the broken table
    CHECK(f.send_site("elsewhere.tld") == fail);
    CHECK_FALSE(f.records.lines().empty());
    CHECK(std::filesystem::is_empty("flush"));
}

TEST_CASE("flush service denies names that can have no logfile before it looks at the list") {
    fixture f;
    // Each would reach the broken table.
    CHECK(f.add(std::string(256, 'a'), "A1") == deny);
    CHECK(f.send_site(std::string(8190, 'a')) == deny);
    CHECK(f.add("[" + std::string(300, '1') + "]", "A1") == deny);
    CHECK(f.records.lines().size() == 3);
    CHECK_FALSE(f.records.contains("table lookup problem"));
    CHECK(f.add(std::string(63, 'a') + ".tld", "A1") == fail);
    // Long in UTF-8, and short in ASCII: soft hyphens are left out.
    std::string hyphenated = "customer.tld";
    for (int i = 0; i < 200; ++i)
        hyphenated.insert(4, "\xc2\xad");
    CHECK(f.add(hyphenated, "A1") == fail);
    CHECK(std::filesystem::is_empty("flush"));
}

TEST_CASE("flush service asks proxymap about sites where the list says so") {
    auto with_proxy = serving("customer.tld, proxy:ldap:/x");
    with_proxy.proxymap_socket = "proxymap";
    fixture f(with_proxy);
    fake_proxymap proxymap(f.context, "proxymap");
    proxymap.entries = {{"proxied.tld", "x"}};
    proxymap.start();
    const auto add = [&](const char* site) {
        scripted_client client;
        client.pieces = {encode(flush_request(add_request{site, *queue_id::parse("A1")}))};
        asio::co_spawn(f.context, serve_client(client, f.service, false, f.log),
                       [](const std::exception_ptr&) {});
        for (int i = 0; i < 100 && client.received.empty(); ++i)
            f.context.run_one_for(std::chrono::milliseconds(50));
        return client.received;
    };
    CHECK(add("customer.tld") == ok);
    CHECK(proxymap.connections == 0);
    CHECK(add("sub.PROXIED.tld") == ok);
    CHECK(add("other.tld") == deny);
    proxymap.lookup_status = 2;
    CHECK(add("proxied.tld") == fail);
    CHECK(spool::content("flush/sub_proxied_tld") == "A1\n");
    CHECK(f.records.lines().size() == 1);
}

TEST_CASE("flush service sends a site: unthrottle, move, truncate, scan") {
    fixture f;
    for (const char* id : {"A1", "B2", "D4"})
        spool::message("deferred", id);
    spool::write("flush/customer_tld", "A1\nB2\nA1\nC3\n../x\n\nB2");
    CHECK(f.send_site("customer.tld") == ok);
    CHECK(f.triggers == "FI");
    CHECK(spool::has("incoming", "A1"));
    CHECK(spool::has("incoming", "B2"));
    CHECK(spool::has("deferred", "D4")); // not listed
    CHECK(spool::content("flush/customer_tld").empty());
    REQUIRE(f.records.lines().size() == 3);
    CHECK(f.records.lines()[0] ==
          "warning: bad queue id \"../x\" in fast flush logfile customer_tld");
    CHECK(f.records.lines()[1].find("flush site=customer.tld, moved=2, missing=1, held=0, "
                                    "duplicate=2, failed=0, seconds=") == 0);
    CHECK(f.records.lines()[2].find("warning: 2 bad queue ids") == 0);
}

TEST_CASE("flush service does not unthrottle anything for a site without listed mail") {
    fixture f;
    CHECK(f.send_site("customer.tld") == ok);
    spool::write("flush/customer_tld", "");
    CHECK(f.send_site("customer.tld") == ok);
    CHECK(f.triggers.empty());
    CHECK(f.records.lines().empty());
}

TEST_CASE("flush service does not take for mail what a crash has left behind") {
    fixture f;
    const std::string mark = "flushd_mark_6927D3A0_012345678_1F2_0123456789ABCDEF\n";
    SECTION("alone") {
        spool::write("flush/customer_tld", mark);
        CHECK(f.send_site("customer.tld") == ok);
        CHECK(f.triggers.empty());
        CHECK(f.records.lines().empty());
    }
    SECTION("beside mail") {
        spool::message("deferred", "A1");
        spool::write("flush/customer_tld", mark + "A1\n" + mark);
        CHECK(f.send_site("customer.tld") == ok);
        CHECK(spool::has("incoming", "A1"));
        REQUIRE(f.records.lines().size() == 1);
        CHECK(f.records.lines()[0].find("flush site=customer.tld, moved=1, missing=0, held=0, "
                                        "duplicate=0, failed=0, seconds=") == 0);
    }
    CHECK(spool::content("flush/customer_tld").empty());
}

TEST_CASE("flush service keeps listed what it could not move") {
    fixture f;
    spool::message("deferred", "A1");
    spool::message("deferred", "B2");
    std::filesystem::create_directories("incoming/B2/in the way");
    spool::write("flush/customer_tld", "A1\nB2\n");
    CHECK(f.send_site("customer.tld") == ok);
    CHECK(spool::content("flush/customer_tld") == "B2\n");
    CHECK(spool::has("incoming", "A1"));
    CHECK(spool::has("deferred", "B2"));
}

TEST_CASE("flush service keeps listed what is on hold, and sends it when it is released") {
    fixture f;
    std::filesystem::create_directory("hold");
    spool::message("hold", "A1");
    spool::message("deferred", "B2");
    spool::write("flush/customer_tld", "A1\nB2\nC3\nA1\n");
    CHECK(f.send_site("customer.tld") == ok);
    CHECK(spool::content("flush/customer_tld") == "A1\n");
    CHECK(spool::has("hold", "A1"));
    CHECK(spool::has("incoming", "B2"));
    REQUIRE(f.records.lines().size() == 1);
    CHECK(f.records.lines()[0].find("flush site=customer.tld, moved=1, missing=1, held=1, "
                                    "duplicate=1, failed=0, seconds=") == 0);
    CHECK(f.counts.pending()[static_cast<std::size_t>(counter::send_held)] == 1);
    std::filesystem::rename("hold/A1", "deferred/A1");
    CHECK(f.send_site("customer.tld") == ok);
    CHECK(spool::content("flush/customer_tld").empty());
    CHECK(spool::has("incoming", "A1"));
}

TEST_CASE(
    "flush service overrides defer_transports for the messages of a send, and of no refresh") {
    auto deferring = usual_parameters();
    deferring.defers_transports = GENERATE(false, true);
    fixture f(deferring);
    const auto mode_after = [&](const flush_request& request) {
        spool::message("deferred", "A1");
        spool::write("flush/customer_tld", "A1\n");
        spool::make_older("flush/customer_tld", 10);
        CHECK(f.converse({encode(request)}) == ok);
        struct stat status {};
        CHECK(::stat("incoming/A1", &status) == 0);
        std::filesystem::remove("incoming/A1");
        return status.st_mode & 07777U;
    };
    CHECK(mode_after(send_site_request{"customer.tld"}) ==
          (deferring.defers_transports ? 0740U : 0700U));
    CHECK(mode_after(purge_request{}) == 0700U);
    CHECK(mode_after(send_file_request{*queue_id::parse("A1")}) == 0740U);
}

TEST_CASE("flush service permits again what was sent, when qmgr is restarted") {
    auto deferring = usual_parameters();
    deferring.defers_transports = GENERATE(false, true);
    fixture f(deferring);
    const auto has_permission = [](const std::string& path) {
        struct stat status {};
        CHECK(::stat(path.c_str(), &status) == 0);
        return (status.st_mode & 07777U) == 0740U;
    };
    spool::message("deferred", "A1");
    spool::write("flush/customer_tld", "A1\n");
    CHECK(f.send_site("customer.tld") == ok);
    spool::message("deferred", "B2");
    spool::write("flush/customer_tld", "B2\n");
    spool::make_older("flush/customer_tld", 10);
    CHECK(f.converse({encode(flush_request(purge_request{}))}) == ok);
    for (const std::string id : {"A1", "B2"}) { // qmgr has read them
        std::filesystem::rename("incoming/" + id, "active/" + id);
        REQUIRE(::chmod(("active/" + id).c_str(), 0700) == 0);
    }
    f.service.master_has_gone();
    CHECK(f.work.any() == deferring.defers_transports);
    f.context.restart();
    while (f.work.any() && f.context.run_one_for(std::chrono::seconds(5)) > 0) {
    }
    CHECK_FALSE(f.work.any());
    CHECK(has_permission("active/A1") == deferring.defers_transports);
    CHECK_FALSE(has_permission("active/B2"));
}

TEST_CASE("flush service serves requests for one site at once with one run, and one more") {
    fixture f;
    spool::message("deferred", "A1");
    spool::write("flush/customer_tld", "A1\n");
    std::vector<scripted_client> clients(5);
    for (auto& client : clients) {
        client.pieces = {encode(flush_request(send_site_request{"customer.tld"}))};
        asio::co_spawn(f.context, serve_client(client, f.service, false, f.log),
                       [](const std::exception_ptr&) {});
    }
    scripted_client last;
    last.pieces = {encode(flush_request(purge_request{}))};
    f.converse(last, false);
    for (const auto& client : clients)
        CHECK(client.received == ok);
    CHECK(f.triggers == "FI");
    CHECK(f.records.lines().size() == 1);
}

TEST_CASE("flush service answers FAIL when a line could not be written") {
    fixture f;
    std::filesystem::create_directory("flush/customer_tld");
    CHECK(f.add("customer.tld", "A1") == fail);
    CHECK(f.send_site("customer.tld") == fail);
    CHECK(f.records.lines().size() == 2);
}

TEST_CASE("flush service sends one message without unthrottling everything") {
    fixture f;
    spool::message("deferred", "A1");
    const auto request = [&](std::string_view id) {
        return f.converse({encode(flush_request(send_file_request{*queue_id::parse(id)}))});
    };
    CHECK(request("A1") == ok);
    CHECK(f.triggers == "I");
    CHECK(spool::has("incoming", "A1"));
    CHECK(request("NONE") == ok);
    CHECK(f.triggers == "I");
}

TEST_CASE("flush service answers a probe, and neither counts it nor triggers anything") {
    fixture f;
    const auto request = [&](std::string_view id) {
        return f.converse({encode(flush_request(send_file_request{*queue_id::parse(id)}))});
    };
    CHECK(request(probe_queue_id) == ok);
    CHECK_FALSE(f.counts.has_any());
    CHECK(f.triggers.empty());
    CHECK(request("NO_SUCH_MESSAG") == ok);
    CHECK(f.counts.pending()[static_cast<std::size_t>(counter::send_file_ok)] == 1);
}

TEST_CASE("refresh sends logfiles that were not read for long, and overrides nothing") {
    fixture f;
    for (const char* id : {"A1", "B2"})
        spool::message("deferred", id);
    spool::write("flush/old_tld", "A1\n");
    spool::make_older("flush/old_tld", 13 * 3600);
    spool::write("flush/new_tld", "B2\n");
    const auto bytes = GENERATE(as<std::string>{}, "request\0rfrsh\0\0"s, "W\0"s);
    CHECK(f.converse({bytes}) == ok);
    CHECK(f.triggers == "I");
    CHECK(spool::has("incoming", "A1"));
    CHECK(spool::has("deferred", "B2"));
    CHECK(spool::content("flush/old_tld").empty());
    CHECK(spool::content("flush/new_tld") == "B2\n");
}

TEST_CASE("purge sends logfiles of any age, and empty ones go when they are old") {
    fixture f;
    spool::message("deferred", "A1");
    spool::write("flush/some_tld", "A1\n");
    spool::make_older("flush/some_tld", 10);
    spool::write("flush/a", ""); // a site with a name of one letter
    spool::make_older("flush/a", 8 * 86400);
    spool::write("flush/empty_tld", "");
    spool::make_older("flush/empty_tld", 6 * 86400);
    CHECK(f.converse({encode(flush_request(purge_request{}))}) == ok);
    CHECK(spool::has("incoming", "A1"));
    CHECK_FALSE(std::filesystem::exists("flush/a"));
    CHECK(std::filesystem::exists("flush/empty_tld"));
}

TEST_CASE("purge removes an old and empty logfile where it is, also at another depth") {
    auto hashed = usual_parameters();
    hashed.hash_queue_names = "flush";
    hashed.hash_queue_depth = 2;
    fixture f(hashed);
    for (const char* directory : {"flush", "flush/a", "flush/a/b"}) {
        std::filesystem::create_directories(directory);
        const auto path = std::string(directory) + "/ab_tld";
        spool::write(path, "");
        spool::make_older(path, 8 * 86400);
        CHECK(f.converse({encode(flush_request(purge_request{}))}) == ok);
        INFO(path);
        CHECK_FALSE(std::filesystem::exists(path));
    }
    CHECK(f.records.lines().size() == 3); // of what each purge has removed
}

TEST_CASE("flush service tells a client that its request is bad, and logs it once") {
    struct row {
        std::vector<std::string> pieces;
        error_code ending;
        std::string answer;
    };
    const std::vector<row> rows = {
        {{}, asio::error::eof, bad},
        {{}, asio::error::timed_out, bad},
        {{}, asio::error::connection_reset, bad},
        {{"request\0add\0"s}, asio::error::eof, bad},
        {{"request\0add\0"s, "site\0customer.tld\0"s}, asio::error::timed_out, ""},
        {{"request\0add\0site\0customer.tld\0queue_id\0../x\0\0"s}, asio::error::eof, bad},
        {{"request\0nonsense\0\0"s}, asio::error::eof, ""},
    };
    for (const auto& r : rows) {
        fixture f;
        CHECK(f.converse(r.pieces, r.ending) == r.answer);
        REQUIRE(f.records.lines().size() == 1);
        CHECK(f.records.lines()[0].find("warning: ") == 0);
        CHECK(std::filesystem::is_empty("flush"));
    }
}

TEST_CASE("flush service does what it was asked when the client has gone") {
    fixture f;
    scripted_client client;
    client.pieces = {encode(flush_request(add_request{"customer.tld", *queue_id::parse("A1")}))};
    client.write_error = asio::error::broken_pipe;
    f.converse(client, true);
    CHECK(spool::content("flush/customer_tld") == "A1\n");
    CHECK(f.records.lines().empty());
}

TEST_CASE("flush service passes on which eligible sites are requested, with mail listed or not") {
    fixture f;
    std::vector<std::string> requested;
    f.service.on_request([&](const std::string& site) { requested.push_back(site); });
    CHECK(f.send_site("customer.tld") == ok);
    CHECK(f.send_site("other.tld") == deny);
    CHECK(f.send_site("elsewhere.tld") == fail);
    CHECK(f.add("sub.customer.tld", "A1") == ok);
    f.converse({encode(flush_request(purge_request{}))});
    f.converse({encode(flush_request(refresh_request{}))});
    f.converse({encode(flush_request(send_file_request{*queue_id::parse("A1")}))});
    CHECK(requested == std::vector<std::string>{"customer.tld"});
}
