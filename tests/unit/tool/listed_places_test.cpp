#include "catch.hpp"

#include "flushd/tool/queue/listed_places.hpp"

#include "postfix_proto/file_io.hpp"

#include <string>
#include <string_view>

using namespace flushd::tool;
using place = queue_files::place;
using postfix_proto::queue_id;
using postfix_proto::same_time;

namespace {

const queue_id id = *queue_id::parse("A1");

waiting_message listed(place where, std::string_view reason = {}) {
    waiting_message result(id);
    result.where = where;
    auto& to = result.recipients.emplace_back();
    to.address = "user@up.tld";
    to.reason = reason;
    to.host = "mx.up.tld";
    return result;
}

void list(listed_places& places, const waiting_message& message) {
    places.begin();
    places.add(message);
}

} // namespace

TEST_CASE("listed places: what is missing once is on its way, and twice is gone") {
    listed_places places;
    CHECK(places.find(id).where == place::nowhere);
    list(places, listed(place::deferred));
    CHECK(places.find(id).where == place::deferred);
    places.begin();
    CHECK(places.find(id).where == place::incoming);
    places.begin();
    CHECK(places.find(id).where == place::nowhere);
}

TEST_CASE("listed places: another reason tells that a message was tried, the same one does not") {
    listed_places places;
    list(places, listed(place::deferred, "connection refused"));
    const auto before = places.find(id);
    list(places, listed(place::deferred, "connection refused"));
    CHECK(same_time(places.find(id).changed, before.changed));
    list(places, listed(place::deferred, "mailbox full"));
    CHECK_FALSE(same_time(places.find(id).changed, before.changed));
    CHECK(places.reason_of(id).text == "mailbox full");
    CHECK(places.reason_of(id).host == "mx.up.tld");
    CHECK(places.reason_of(*queue_id::parse("B2")).text.empty());
}

TEST_CASE("listed places: a message that is deferred while the queues are listed is deferred") {
    listed_places places;
    places.begin();
    places.add(listed(place::active));
    places.add(listed(place::deferred));
    CHECK(places.find(id).where == place::deferred);
}
