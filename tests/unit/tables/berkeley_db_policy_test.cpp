#include "catch.hpp"

#include "postfix_proto/berkeley_db_policy.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/lookup_table.hpp"
#include "postfix_proto/postconf.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

using namespace postfix_proto;

namespace {

postconf_result main_cf(const std::string& level, const std::string& mapping = "") {
    return postconf_result({{"non_bdb_migration_level", level},
                            {"non_bdb_custom_mapping", mapping},
                            {"non_bdb_migration_log_redirect", "yes"},
                            {"default_database_type", "cdb"},
                            {"default_cache_db_type", "lmdb"}});
}

struct fixture {
    recorded_log lines;
    logger log{lines.sink()};
    open_options options;

    explicit fixture(const std::string& level, const std::string& mapping = "") {
        options.berkeley_db = read_berkeley_db_policy(main_cf(level, mapping));
    }
    berkeley_db_target resolve(const std::string& type, const std::string& name) {
        return resolve_berkeley_db(type, name, options, log);
    }
};

} // namespace

TEST_CASE("non_bdb_migration_level says whether hash and btree are other types") {
    CHECK_FALSE(read_berkeley_db_policy(main_cf("disable")).is_redirected);
    CHECK(read_berkeley_db_policy(main_cf("enable-redirect")).is_redirected);
    CHECK_FALSE(read_berkeley_db_policy(main_cf("enable-redirect")).reindexes);
    CHECK(read_berkeley_db_policy(main_cf("enable-reindex")).is_redirected);
    CHECK(read_berkeley_db_policy(main_cf("enable-reindex")).reindexes);
    // Postfix ends at these as well.
    for (const auto* level : {"", "enable", "Disable", "enable-redirect "})
        CHECK_THROWS_AS(read_berkeley_db_policy(main_cf(level)), startup_error);
}

TEST_CASE("hash and btree are what they are where nothing redirects them") {
    fixture f("disable", "static:lmdb");
    CHECK(f.resolve("hash", "/x").type == "hash");
    CHECK(f.resolve("btree", "/x").type == "btree");
    CHECK(f.resolve("hash", "/x").reason.empty());
    CHECK(f.lines.lines().empty());
}

TEST_CASE("a redirection goes to the default types") {
    fixture f("enable-redirect");
    CHECK(f.resolve("hash", "/x").type == "cdb");
    CHECK(f.resolve("btree", "/x").type == "lmdb");
    CHECK(f.lines.lines() == std::vector<std::string>{"redirecting hash:/x to cdb:/x",
                                                      "redirecting btree:/x to lmdb:/x"});
    f.lines.clear();
    f.options.berkeley_db.logs_redirection = false;
    CHECK(f.resolve("hash", "/x").type == "cdb");
    CHECK(f.lines.lines().empty());
}

TEST_CASE("the custom mapping is asked for the table, then for the type, and goes before") {
    fixture f("enable-redirect", "inline:{hash:/etc/x=lmdb, btree=cdb}");
    CHECK(f.resolve("hash", "/etc/x").type == "lmdb");
    CHECK(f.resolve("hash", "/etc/X").type == "lmdb"); // Postfix folds it
    CHECK(f.resolve("hash", "/etc/y").type == "cdb");  // the default
    CHECK(f.resolve("btree", "/etc/x").type == "cdb");
    CHECK(f.resolve("hash", "/etc/x").files.empty());
}

TEST_CASE("what the custom mapping depends on is watched, too") {
    const temporary_directory dir;
    const auto path = dir.write("map", "hash lmdb\n");
    fixture f("enable-redirect", "texthash:" + path);
    const auto target = f.resolve("hash", "/x");
    CHECK(target.type == "lmdb");
    CHECK(target.files == std::vector{path});
    dir.write("map", "hash texthash\n");
    dir.write("t", "a b\n");
    const auto table = open_lookup_table("hash:" + dir.file("t"), f.options, f.log);
    CHECK(table->find("a") == lookup_result::found("b"));
    CHECK(table->files() == std::vector{dir.file("t"), path});
}

TEST_CASE("a redirection that leads nowhere makes the table unavailable") {
    struct row {
        std::string mapping, reason;
    };
    const auto row = GENERATE(values<struct row>({
        {"static:hash", "non_bdb_migration_level makes it \"hash\", which cannot be"},
        {"static:btree", "non_bdb_migration_level makes it \"btree\", which cannot be"},
        {"static:cdb:", "non_bdb_migration_level makes it \"cdb:\", which cannot be"},
        {"inline:{hash=}", "non_bdb_migration_level makes it \"\", which cannot be"},
        {"hash:/etc/map",
         "non_bdb_custom_mapping must not be of such a type itself: hash:/etc/map"},
        {"fail:x", "non_bdb_custom_mapping: lookup of hash:/x in fail:x: "},
    }));
    fixture f("enable-redirect", row.mapping);
    const auto reason = f.resolve("hash", "/x").reason;
    CHECK(reason.substr(0, row.reason.size()) == row.reason);
    f.lines.clear();
    const auto table = open_lookup_table("hash:/x", f.options, f.log);
    CHECK(f.lines.contains("error: open dictionary: hash:/x: " + row.reason));
    CHECK(table->find("a").outcome == lookup_result::status::failed);
}

TEST_CASE("a redirection is followed inside other tables, and texthash is not hash") {
    const temporary_directory dir;
    dir.write("t", "a b\n");
    fixture f("enable-redirect", "static:texthash");
    const auto name = GENERATE(as<std::string>{}, "debug:hash:", "unionmap:{hash:", "texthash:");
    const auto end = name.find('{') == std::string::npos ? "" : "}";
    CHECK(open_lookup_table(name + dir.file("t") + end, f.options, f.log)->find("a") ==
          lookup_result::found("b"));
}

TEST_CASE("a Postfix without Berkeley DB has neither hash nor btree") {
    CHECK(missing_berkeley_db_types({"btree", "cdb", "hash"}).empty());
    CHECK(missing_berkeley_db_types({"btree", "texthash"}) == std::vector<std::string>{"hash"});
    fixture f("disable");
    f.options.berkeley_db.missing_types = missing_berkeley_db_types({"cdb", "lmdb"});
    const auto table = open_lookup_table("hash:/x", f.options, f.log);
    CHECK(f.lines.lines() ==
          std::vector<std::string>{"error: open dictionary: hash:/x: the installed Postfix was "
                                   "built without Berkeley DB"});
    CHECK(table->find("a").outcome == lookup_result::status::failed);
    // What is redirected does not need it.
    fixture redirected("enable-redirect");
    redirected.options.berkeley_db.missing_types = {"btree", "hash"};
    CHECK(redirected.resolve("hash", "/x").type == "cdb");
    CHECK(redirected.resolve("hash", "/x").reason.empty());
}
