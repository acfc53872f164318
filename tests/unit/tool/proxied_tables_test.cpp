#include "catch.hpp"
#include "temporary_directory.hpp"

#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/postfix/main_cf.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/postfix/table_lookup.hpp"
#include "flushd/tool/postfix/unserved_tables.hpp"

#include <sys/stat.h>

#include <ctime>
#include <fstream>

using namespace flushd::tool;

namespace {

const table_types unserved = {"ldap", "mysql", "socketmap", "unix"};

std::vector<std::string> names(std::string_view list) {
    std::vector<std::string> result;
    for (const auto& found : find_unserved_tables(list, unserved))
        result.push_back(found.table);
    return result;
}

} // namespace

TEST_CASE("tables that flushd has no code for are found wherever a list may have them") {
    using strings = std::vector<std::string>;
    CHECK(names("") == strings{});
    CHECK(names("a.tld, hash:/etc/mysql:x, [ldap:1], proxy:mysql:/x.cf").empty());
    CHECK(names("a.tld,mysql:/x.cf !ldap:/y.cf") == strings{"mysql:/x.cf", "ldap:/y.cf"});
    CHECK(names("mysql:/x.cf, mysql:/x.cf") == strings{"mysql:/x.cf"});
    CHECK(names("socketmap:inet:127.0.0.1:10027:domain") ==
          strings{"socketmap:inet:127.0.0.1:10027:domain"});
    CHECK(names("unionmap:{hash:/a, mysql:/x.cf, pipemap:{ldap:/y.cf, inline:{a=b}}}") ==
          strings{"mysql:/x.cf", "ldap:/y.cf"});
    CHECK(names("debug:mysql:/x.cf") == strings{"mysql:/x.cf"});
    CHECK(names("unionmap:mysql:/x.cf").empty()); // nobody can open that
}

TEST_CASE("the file that names a table is told with it") {
    const temporary_directory directory;
    const auto list = directory.path() / "list", other = directory.path() / "other";
    std::ofstream(list) << "# mysql:/commented.cf\na.tld\n " << other.string() << "\n";
    std::ofstream(other) << "b.tld mysql:/x.cf\n" << list.string() << "\n"; // around in a circle
    CHECK(find_unserved_tables(list.string(), unserved) ==
          std::vector<unserved_table>{{"mysql:/x.cf", other.string()}});
    CHECK(find_unserved_tables((directory.path() / "missing").string(), unserved).empty());
}

TEST_CASE("without Berkeley DB, hash and btree are left to proxymap where Postfix has them, and as "
          "they are") {
    const table_types all = {"btree", "hash", "mysql"};
    const auto left = [&all](const postfix_proto::berkeley_db_policy& policy) {
        auto types = all;
        remove_replaced_types(types, policy);
        return types;
    };
    postfix_proto::berkeley_db_policy policy;
    CHECK(left(policy) == all);
    policy.missing_types = {"hash"};
    CHECK(left(policy) == table_types{"btree", "mysql"});
    policy.missing_types.clear();
    policy.is_redirected = true;
    CHECK(left(policy) == table_types{"mysql"});
}

TEST_CASE("what postmap says of a type that goes out of use is not what is wrong with a table") {
    const std::string of_hash = // Debian's 3.11.7
        "postmap: warning: /etc/postfix/sites: hash/btree support is deprecated.  Please switch to "
        "cdb or lmdb.\n"
        "postmap: warning: See /usr/share/doc/postfix/NON_BERKELEYDB_README.gz for more info.\n";
    CHECK(problem_in("").empty());
    CHECK(problem_in(of_hash).empty());
    CHECK(
        problem_in(of_hash + "postmap: fatal: open database /x.db: No such file or directory\n") ==
        "fatal: open database /x.db: No such file or directory");
    CHECK(problem_in("postmap: warning: table mysql:/x.cf lookup error: timeout\n" + of_hash) ==
          "warning: table mysql:/x.cf lookup error: timeout");
}

TEST_CASE("what proxymap may open is read from proxy_read_maps as proxymap does") {
    CHECK(find_proxied_tables("hash:/a, proxy:mysql:/x.cf proxy:proxy:ldap:/y.cf proxy:nothing "
                              "pipemap:{proxy:unix:passwd.byname, hash:/b}") ==
          std::vector<std::string>{"mysql:/x.cf", "ldap:/y.cf", "unix:passwd.byname"});
}

TEST_CASE("a parameter's lines in main.cf are found, replaced and taken out") {
    const std::string text = "# name = no\n"
                             "name = first\n"
                             "other = 1\n"
                             "name =\n"
                             "# between\n"
                             "\n"
                             "  second\n"
                             "\tthird\n"
                             "#after\n"
                             "names = 2\n";
    CHECK(find_setting(text, "name") == "name =\n# between\n\n  second\n\tthird\n");
    CHECK(find_setting(text, "names") == "names = 2\n");
    CHECK(find_setting(text, "nam") == std::nullopt);
    CHECK(find_setting("name = no newline", "name") == "name = no newline");
    CHECK(with_setting(text, "names", "names = 3\n") ==
          text.substr(0, text.size() - 10) + "names = 3\n");
    CHECK(with_setting(text, "names", std::nullopt) == text.substr(0, text.size() - 10));
    CHECK(with_setting("a = 1", "name", "name = x\n") == "a = 1\nname = x\n");
    CHECK(with_setting("a = 1\n", "name", std::nullopt) == "a = 1\n");
    // There and back.
    for (const char* name : {"name", "names", "new"})
        CHECK(with_setting(with_setting(text, name, std::string(name) + " = x\n"), name,
                           find_setting(text, name)) == text);
}

TEST_CASE("a file that was changed comes back with its mode, and failing leaves nothing") {
    const temporary_directory directory;
    const auto path = (directory.path() / "main.cf").string();
    std::ofstream(path) << "a = 1\n";
    std::filesystem::permissions(path, std::filesystem::perms(0640));
    const file_image image(path);
    CHECK(image.is_in_place());
    image.replace("b = 2\n");
    CHECK_FALSE(image.is_in_place());
    CHECK(file_image(path).text() == "b = 2\n");
    // Else a Postfix that starts now would read it twice, and forget config_directory.
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(status.st_mtime < ::time(nullptr) - 1);
    image.restore();
    CHECK(image.is_in_place());
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    CHECK_FALSE(image.is_in_place());

    std::filesystem::create_directory(directory.path() / "taken");
    CHECK_THROWS(image.write_to((directory.path() / "taken").string()));
    const std::filesystem::directory_iterator entries(directory.path());
    CHECK(std::distance(begin(entries), end(entries)) == 2); // main.cf and taken
    CHECK_FALSE(why_not_replaceable(path));
    CHECK(why_not_replaceable("/proc")->find("a mount point of its own") != std::string::npos);
}

TEST_CASE("words of the shell are quoted where they have to be") {
    CHECK(shell_word("/etc/postfix/x.cf") == "/etc/postfix/x.cf");
    CHECK(shell_word("a = $b") == "'a = $b'");
    CHECK(shell_word("o'brien") == "'o'\\''brien'");
    CHECK(shell_word("") == "''");
    CHECK(joined({"a", "b c"}) == "a && b c");
    CHECK(indented({"a", "b"}) == "    a\n    b\n");
}
