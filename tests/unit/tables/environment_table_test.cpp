#include "catch.hpp"

#include "environment_guard.hpp"
#include "postfix_proto/lookup_table.hpp"
#include "recording_sink.hpp"

using namespace postfix_proto;

TEST_CASE("an environment table finds variables by their name as it is") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("environ:whatever", {}, log);
    CHECK(table->keys_are_fixed());
    const environment_guard set("flushd.test", "a value");
    const environment_guard empty("flushd.empty", "");
    CHECK(table->find("flushd.test") == lookup_result::found("a value"));
    CHECK(table->find("flushd.empty") == lookup_result::found(""));
    CHECK(table->find("FLUSHD.TEST") == lookup_result::not_found());
    CHECK(table->find("flushd.tes") == lookup_result::not_found());
    CHECK(table->find("flushd.test=a value") == lookup_result::not_found());
    CHECK(table->find("") == lookup_result::not_found());
    CHECK(lines.lines().empty());
}
