#include "catch.hpp"
#include "environment_guard.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/process_name.hpp"
#include "postfix_proto/service_options.hpp"

using namespace postfix_proto;
using Catch::Matchers::Equals;

namespace {

service_options parse(std::vector<const char*> words) {
    words.insert(words.begin(), "/usr/lib/postfix/sbin/flushd");
    return parse_service_options(static_cast<int>(words.size()), words.data());
}

struct clean_environment {
    environment_guard verbose{"MAIL_VERBOSE", std::nullopt};
    environment_guard debug{"MAIL_DEBUG", std::nullopt};
};

} // namespace

TEST_CASE("service_options reads what master gives to a flush service") {
    const clean_environment clean;
    const auto options = parse({"-n", "flush", "-t", "unix", "-u", "-c"});
    CHECK(options.process_name == "flushd");
    CHECK(options.service_name == "flush");
    CHECK(options.transport == "unix");
    CHECK(options.drop_privileges);
    CHECK(options.chroot);
    CHECK(options.daemon_mode);
    CHECK_FALSE(options.alone);
    CHECK_FALSE(options.unlimited);
    CHECK(options.socket_count == 1);
    CHECK(options.verbosity == 0);
    CHECK(options.overrides.empty());
}

TEST_CASE("service_options without options takes the service name from argv[0]") {
    const clean_environment clean;
    const auto options = parse({});
    CHECK(options.service_name == "flushd");
    CHECK_FALSE(options.transport);
    CHECK_FALSE(options.debug);
    CHECK_FALSE(options.retire_after);
}

TEST_CASE("service_options takes clustered options and attached arguments") {
    const clean_environment clean;
    const auto options = parse({"-dlvvzSVDs2", "-r600", "-m", "50", "-vi100s"});
    CHECK_FALSE(options.daemon_mode);
    CHECK(options.alone);
    CHECK(options.verbosity == 3);
    CHECK(options.unlimited);
    CHECK(options.stdin_stream);
    CHECK(options.log_to_stderr);
    CHECK(options.debug);
    CHECK(options.socket_count == 2);
    CHECK(options.retire_after == std::chrono::seconds(600));
    CHECK(options.max_use == "50");
    CHECK(options.max_idle == "100s");
}

TEST_CASE("service_options keeps parameter overrides in the order of the command line") {
    const clean_environment clean;
    const auto options =
        parse({"-o", "max_idle=1", "-i", "2", "-o", " syslog_name = postfix/$service_name ", "-m",
               "3", "-oempty=", "-o", "a=b=c", "-o", "max_idle=4"});
    const parameter_overrides expected{
        {"max_idle", "1"}, {"max_idle", "2"}, {"syslog_name", "postfix/$service_name"},
        {"max_use", "3"},  {"empty", ""},     {"a", "b=c"},
        {"max_idle", "4"}};
    CHECK(options.overrides == expected);
}

TEST_CASE("service_options leaves the program's own options to the program") {
    const clean_environment clean;
    const std::vector<const char*> words{"flushd", "-H", "mx2.example", "-vHmx3.example", "-c"};
    const auto count = static_cast<int>(words.size());
    const auto options = parse_service_options(count, words.data(), "H");
    const std::vector<std::pair<char, std::string>> own{{'H', "mx2.example"}, {'H', "mx3.example"}};
    CHECK(options.own == own);
    CHECK(options.verbosity == 1);
    CHECK(options.chroot);
    CHECK_THROWS_WITH(parse_service_options(2, words.data(), "H"),
                      Equals("option -H needs an argument"));
    CHECK_THROWS_WITH(parse_service_options(count, words.data()), Equals("invalid option: H"));
}

TEST_CASE("service_options refuses a command line that master would not make") {
    const clean_environment clean;
    struct row {
        std::vector<const char*> words;
        std::string error;
    };
    const auto row = GENERATE(values<struct row>({
        {{"-x"}, "invalid option: x"},
        {{"-vx"}, "invalid option: x"},
        {{"--help"}, "invalid option: -"},
        {{"foo"}, "unexpected command-line argument: foo"},
        {{"-v", "foo", "-c"}, "unexpected command-line argument: foo"},
        {{"-"}, "unexpected command-line argument: -"},
        {{""}, "unexpected command-line argument: "},
        {{"--", "-v"}, "unexpected command-line argument: -v"},
        {{"-n"}, "option -n needs an argument"},
        {{"-o", "name"}, "-o option: no '=' in \"name\""},
        {{"-o", "=value"}, "-o option: no parameter name in \"=value\""},
        {{"-o", "two words=value"},
         "-o option: blank in the parameter name in \"two words=value\""},
        {{"-r", "0"}, "invalid retirement time: 0"},
        {{"-r", "5m"}, "invalid retirement time: 5m"},
        {{"-s", "-1"}, "invalid socket count: -1"},
        {{"-s", ""}, "invalid socket count: "},
        {{"-s", "99999999999"}, "invalid socket count: 99999999999"},
    }));
    CHECK_THROWS_WITH(parse(row.words), Equals(row.error));
}

TEST_CASE("service_options takes verbosity and debugging from the environment, too") {
    const environment_guard verbose("MAIL_VERBOSE", "");
    const environment_guard debug("MAIL_DEBUG", "");
    CHECK(parse({}).verbosity == 1);
    CHECK(parse({"-v"}).verbosity == 2);
    CHECK(parse({}).debug);
}

TEST_CASE("process_basename is what follows the last slash") {
    CHECK(process_basename("/usr/libexec/flush") == "flush");
    CHECK(process_basename("flush") == "flush");
    CHECK(process_basename("flush/") == "flush/");
    CHECK(process_basename("") == "");
}

TEST_CASE("parse_generation reads octal and is 0 outside master") {
    {
        const environment_guard guard("GENERATION", std::nullopt);
        CHECK(parse_generation() == 0);
    }
    {
        const environment_guard guard("GENERATION", "17");
        CHECK(parse_generation() == 15);
    }
    {
        const environment_guard guard("GENERATION", "37777777777");
        CHECK(parse_generation() == 0xFFFFFFFFU);
    }
    {
        const environment_guard guard("GENERATION", "18");
        CHECK(parse_generation() == 1);
    }
    const auto bad = GENERATE(values<std::string>({"", "x", "-1", "1x", " 1", "40000000000"}));
    const environment_guard guard("GENERATION", bad);
    CHECK_THROWS_AS(parse_generation(), startup_error);
}
