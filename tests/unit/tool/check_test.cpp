#include "catch.hpp"

#include "flushd/tool/check/check_report.hpp"
#include "flushd/tool/check/client_restrictions.hpp"

#include <set>
#include <string>

using namespace flushd::tool;

TEST_CASE("a list of restrictions tells whom it admits") {
    for (const char* list :
         {"", " , ", "permit", "permit_mynetworks", "PERMIT_MYNETWORKS, permit, reject",
          "warn_if_reject reject", "warn_if_reject check_client_access hash:/x, permit_mynetworks",
          "sleep 5, permit_sasl_authenticated", "{ permit_mynetworks, { permit } }",
          "permit_dnswl_client list.example, permit"})
        CHECK(who_is_admitted(list) == admission::everybody);
    for (const char* list : {"reject", "defer, permit", " ,REJECT", "{ reject }"})
        CHECK(who_is_admitted(list) == admission::nobody);
    for (const char* list :
         {"permit_mynetworks, reject", "permit_mynetworks reject", "reject_unknown_client_hostname",
          "check_client_access hash:/x", "hash:/x, permit", "my_class, permit",
          "check_policy_service unix:private/policy", "sleep 5, reject",
          "warn_if_reject reject, reject"})
        CHECK(who_is_admitted(list) == admission::some);
}

TEST_CASE("a list of restrictions tells its tables") {
    using names = std::set<std::string>;
    CHECK(tables_in("permit_mynetworks, check_client_access hash:/a, cidr:/b, warn_if_reject "
                    "check_etrn_access { inline:{ a.tld = permit } }, "
                    "check_policy_service inet:127.0.0.1:10031, reject_rbl_client x:y") ==
          names{"hash:/a", "cidr:/b", "inline:{ a.tld = permit }"});
    CHECK(tables_in("check_client_access").empty());
    CHECK(tables_in("").empty());
}

TEST_CASE("the worst finding decides the status of a check") {
    findings found(false);
    CHECK(status_of(found) == check_status::ok);
    found.ok("this is {}", "fine");
    found.note("by the way");
    CHECK(summary_of(found) == "FLUSHD OK - 1 check passed\n");
    found.unknown("whether it works");
    CHECK(status_of(found) == check_status::unknown);
    CHECK(summary_of(found) == "FLUSHD UNKNOWN - 1 unknown: whether it works\n");
    found.warning("slow | old\nand two lines");
    found.warning("another");
    CHECK(summary_of(found) ==
          "FLUSHD WARNING - 2 warnings, 1 unknown: slow / old?and two lines\n");
    found.error("broken: mend it");
    CHECK(status_of(found) == check_status::critical);
    CHECK(summary_of(found) ==
          "FLUSHD CRITICAL - 1 error, 2 warnings, 1 unknown: broken: mend it\n");
    CHECK(found.problems() == 3);
    CHECK(json_of(found).find("\"exit_status\": 2") != std::string::npos);
}
