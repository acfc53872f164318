#include "catch.hpp"

#include "flushd/tool/install/service_change.hpp"
#include "flushd/tool/postfix/master_cf.hpp"

using flushd::tool::service_entry;

namespace {

service_entry entry(std::string command, std::string text) {
    return {"flush/unix", std::move(text), {{"command", std::move(command)}}};
}

} // namespace

TEST_CASE("service_entry changes the program and leaves its options alone") {
    const auto plain =
        entry("flush", "flush      unix  n       -       y       1000?   0       flush");
    CHECK(plain.program() == "flush");
    CHECK(plain.command_with("flushd") == "flushd");
    CHECK(plain.text_with("flushd") ==
          "flush      unix  n       -       y       1000?   0       flushd");

    const auto full = entry("flush -v -o max_idle=5s -o {a = flush b}",
                            "flush      unix  n       -       y       1000?   0       flush -v\n"
                            "    -o max_idle=5s\n"
                            "    -o {a = flush b}");
    CHECK(full.program() == "flush");
    CHECK(full.command_with("flushd") == "flushd -v -o max_idle=5s -o {a = flush b}");
    CHECK(full.text_with("flushd") ==
          "flush      unix  n       -       y       1000?   0       flushd -v\n"
          "    -o max_idle=5s\n"
          "    -o {a = flush b}");
    CHECK(flushd::tool::show_change(full, "flushd") ==
          "- flush      unix  n       -       y       1000?   0       flush -v\n"
          "-     -o max_idle=5s\n"
          "-     -o {a = flush b}\n"
          "+ flush      unix  n       -       y       1000?   0       flushd -v\n"
          "+     -o max_idle=5s\n"
          "+     -o {a = flush b}\n");
}

TEST_CASE("service_entry copes with a service that has no program") {
    const auto empty = entry("", "");
    CHECK(empty.program().empty());
    CHECK(empty.command_with("flushd") == "flushd");
}
