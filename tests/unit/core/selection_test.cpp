#include "catch.hpp"

#include "flushd/core/selection.hpp"

using namespace flushd;

TEST_CASE("selection: its logfile's name is one that no site has") {
    const auto name = selection_name(1795766400, 4711, 2);
    CHECK(name.name() == "SELECTED_1795766400_4711_2");
    CHECK(is_selection(name));
    for (const auto* const site : {"SELECTED_1795766400_4711_2", "selected.tld", "SELECTED.TLD"})
        CHECK_FALSE(is_selection(*logfile_name::from_site(site)));
    CHECK(logfile_name::from_name(name.name()) == name);
}

TEST_CASE("selection: each has a name of its own") {
    CHECK(selection_name(1, 2, 3) != selection_name(1, 2, 4));
    CHECK(selection_name(1, 2, 3) != selection_name(1, 3, 2));
    CHECK(is_selection(selection_name(-1, 2, 3)));
}
