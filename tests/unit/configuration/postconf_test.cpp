#include "catch.hpp"
#include "environment_guard.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/run_program.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace postfix_proto;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;

namespace {

/// Stands in for Postfix: a `postconf` that writes down its arguments, one a line, and then does
/// what the test wants for -n and for -x.
class fake_postconf {
public:
    fake_postconf(const std::string& for_n, const std::string& for_x) {
        directory_.write("postconf",
                         "#!/bin/sh\n"
                         "log=\"${0%/*}/arguments\"\n"
                         "printf '%s\\n' \"$@\" >>\"$log\"\n"
                         "case \" $* \" in\n"
                         "*' -n '*) " +
                             for_n + " ;;\n*) " + for_x + " ;;\nesac\n",
                         0755);
    }

    /// For two parameters of the service flush.
    [[nodiscard]] postconf_request request() const {
        postconf_request result;
        result.program = directory_.file("postconf");
        result.service_name = "flush";
        result.process_name = "flushd";
        result.names = {"myhostname", "relayhost"};
        return result;
    }
    [[nodiscard]] std::string arguments() const {
        std::ifstream file(directory_.file("arguments"));
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    temporary_directory directory_;
};

} // namespace

TEST_CASE("parse_postconf_output reads awkward values") {
    const auto values = parse_postconf_output("plain = value\n"
                                              "empty =\n"
                                              "empty_with_blank = \n"
                                              "nested = a=b, c = d\n"
                                              "continued = one,\n"
                                              "    two,\n"
                                              "\tthree=3\n"
                                              "starts_empty =\n"
                                              "    later\n"
                                              "no equals sign\n"
                                              "    belongs to nothing = here\n"
                                              "\n"
                                              "   \n"
                                              " = nameless\n"
                                              "twice = 1\n"
                                              "twice = 2\n"
                                              "dollar = $$x\n"
                                              "last = no newline");
    const parameter_values expected{{"plain", "value"},
                                    {"empty", ""},
                                    {"empty_with_blank", ""},
                                    {"nested", "a=b, c = d"},
                                    {"continued", "one, two, three=3"},
                                    {"starts_empty", "later"},
                                    {"twice", "2"},
                                    {"dollar", "$$x"},
                                    {"last", "no newline"}};
    CHECK(values == expected);
    CHECK(parse_postconf_output("").empty());
    CHECK(parse_postconf_output("\n").empty());
}

TEST_CASE("substitute_names replaces whole names only") {
    struct row {
        std::string in, out;
    };
    const auto row = GENERATE(values<struct row>({
        {"postfix/$service_name", "postfix/flush"},
        {"${service_name}", "flush"},
        {"$(service_name)/x", "flush/x"},
        {"$service_name$process_name", "flushflushd"},
        {"a $service_name.b", "a flush.b"},
        {"$service_names", "$service_names"},
        {"$service", "$service"},
        {"$$service_name", "$$service_name"},
        {"$$$service_name", "$$flush"},
        {"${service_name", "${service_name"},
        {"${service_name)", "${service_name)"},
        {"${service_name?{x}}", "${service_name?{x}}"},
        {"${{$service_name} == {flush} ? {y}}", "${{flush} == {flush} ? {y}}"},
        {"service_name", "service_name"},
        {"$", "$"},
        {"a$", "a$"},
        {"${", "${"},
        {"${}", "${}"},
        {"$(mail_name) $service_name", "$(mail_name) flush"},
        {"", ""},
    }));
    CAPTURE(row.in);
    CHECK(substitute_names(row.in, {{"service_name", "flush"}, {"process_name", "flushd"}}) ==
          row.out);
}

TEST_CASE("read_postconf asks for the names and leaves out unknown ones") {
    const fake_postconf fake(":", "echo 'myhostname = mx.example'; "
                                  "echo 'postconf: warning: relayhost: unknown parameter' >&2");
    const auto result = read_postconf(fake.request());
    CHECK(result.get("myhostname") == "mx.example");
    CHECK(result.find("myhostname") == "mx.example");
    CHECK_FALSE(result.find("relayhost"));
    CHECK_THROWS_WITH(result.get("relayhost"), contains_text("parameter relayhost: unknown"));
    CHECK(fake.arguments() == "-n\n-x\nmyhostname\nrelayhost\n");
}

TEST_CASE("read_postconf hands on the configuration directory and the overrides in order") {
    const fake_postconf fake("echo 'a = x${process_name}y'; echo 'b = $a'; "
                             "echo 'syslog_name = main/$service_name'",
                             ":");
    auto asked = fake.request();
    asked.config_directory = "/etc/post fix";
    asked.overrides = {{"syslog_name", "postfix/$service_name"}, {"c", "$b $$service_name"}};
    (void)read_postconf(asked);
    CHECK(fake.arguments() == "-c\n/etc/post fix\n-n\n"
                              "-c\n/etc/post fix\n-x\n"
                              "-o\na=xflushdy\n"
                              "-o\nsyslog_name=main/flush\n"
                              "-o\nsyslog_name=postfix/flush\n"
                              "-o\nc=$b $$service_name\n"
                              "myhostname\nrelayhost\n");
}

TEST_CASE("read_postconf expands process_id to this process") {
    const fake_postconf fake(":", ":");
    auto asked = fake.request();
    asked.overrides = {{"x", "$process_id"}};
    (void)read_postconf(asked);
    CHECK_THAT(fake.arguments(), contains_text("x=" + std::to_string(::getpid()) + "\n"));
}

TEST_CASE("read_postconf turns a failure into one startup_error with postconf's reason") {
    struct row {
        std::string script, reason;
    };
    const auto row = GENERATE(values<struct row>({
        {"echo 'postconf: warning: w' >&2; echo 'postconf: fatal: open main.cf: No such file' >&2; "
         "echo 'more' >&2; exit 1",
         "postconf: open main.cf: No such file"},
        {"echo 'not found' >&2; exit 127", "postconf: not found"},
        {"exit 3", "postconf: exit status 3"},
        {"kill -9 $$", "postconf: ended by signal 9"},
        {"yes 'postconf: warning: noise' | head -n 20000 >&2; echo 'x: fatal: at last' >&2; exit 1",
         "postconf: at last"},
        {"exec yes 'a = b'", "postconf: killed because it printed too much"},
    }));
    CAPTURE(row.script);
    const bool in_n = GENERATE(true, false);
    const fake_postconf fake(in_n ? row.script : ":", in_n ? ":" : row.script);
    CHECK_THROWS_AS(read_postconf(fake.request()), startup_error);
    CHECK_THROWS_WITH(read_postconf(fake.request()), EndsWith(row.reason));
}

TEST_CASE("read_postconf kills a postconf that does not end") {
    const auto script = GENERATE(values<std::string>(
        {"exec sleep 600", "exec >&- 2>&-; exec sleep 600", "while :; do echo warning >&2; done"}));
    CAPTURE(script);
    const fake_postconf fake(":", script);
    auto asked = fake.request();
    asked.time_limit = 300ms;
    CHECK_THROWS_WITH(read_postconf(asked), EndsWith("did not end in time"));
}

TEST_CASE("read_postconf says that there is no postconf, and does not look in the cwd") {
    const temporary_directory here;
    here.write("postconf", "#!/bin/sh\n", 0755);
    const temporary_directory elsewhere;
    elsewhere.write("postconf", "not executable", 0644);
    const auto old_cwd = std::filesystem::current_path();
    std::filesystem::current_path(here.path());
    const environment_guard path("PATH", ":.:" + elsewhere.path().string());
    // A machine with Postfix finds it in the system's directories all the same.
    if (::access("/usr/sbin/postconf", X_OK) != 0)
        CHECK_THROWS_WITH(read_postconf({}), contains_text("cannot find postconf"));
    std::filesystem::current_path(old_cwd);
}

TEST_CASE("a program is one of the system's, whatever PATH says") {
    const temporary_directory mine;
    mine.write("sh", "#!/bin/sh\n", 0755);
    const environment_guard path("PATH", mine.path().string());
    CHECK(find_program("sh") != mine.file("sh"));
    CHECK(find_program("sh"));
}

TEST_CASE("root takes no program from PATH that somebody else can change") {
    if (::getuid() != 0)
        return;
    const temporary_directory directory;
    constexpr const char* name = "a-program-of-this-test";
    std::filesystem::create_directory(directory.file("bin"));
    directory.write(std::string("bin/") + name, "#!/bin/sh\n", 0755);
    const auto program = directory.file("bin") + "/" + name;
    const environment_guard path("PATH", directory.file("bin"));
    CHECK(find_program(name) == program);
    const uid_t other = 65534;
    for (const auto& part : {program, directory.file("bin"), directory.path().string()}) {
        CAPTURE(part);
        REQUIRE(::chown(part.c_str(), other, static_cast<gid_t>(-1)) == 0);
        CHECK_FALSE(find_program(name));
        REQUIRE(::chown(part.c_str(), 0, static_cast<gid_t>(-1)) == 0);
        REQUIRE(::chmod(part.c_str(), 0775) == 0);
        CHECK_FALSE(find_program(name));
        REQUIRE(::chmod(part.c_str(), 0755) == 0);
        CHECK(find_program(name));
    }
    // An ordinary user may have his own.
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(::setgid(other) == 0 && ::setuid(other) == 0 && find_program(name) == program ? 0
                                                                                              : 1);
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("postconf_result converts types and names the parameter in errors") {
    const postconf_result result({{"yes", "YES"},
                                  {"no", "no"},
                                  {"n", "42"},
                                  {"negative", "-1"},
                                  {"t", "2h"},
                                  {"bare", "5"},
                                  {"word", "maybe"},
                                  {"empty", ""},
                                  {"big", "2147483648"},
                                  {"trailing", "42x"}});
    CHECK(result.get_bool("yes"));
    CHECK_FALSE(result.get_bool("no"));
    CHECK(result.get_int("n", 0) == 42);
    CHECK(result.get_int("n", 42) == 42);
    CHECK(result.get_int("negative", -1) == -1);
    CHECK(result.get_time("t", 's', 1s) == 2h);
    CHECK(result.get_time("bare", 'm', 1s) == 5min);

    CHECK_THROWS_WITH(result.get_bool("word"), contains_text("parameter word"));
    CHECK_THROWS_WITH(result.get_bool("empty"), contains_text("parameter empty"));
    CHECK_THROWS_WITH(result.get_bool("absent"), contains_text("parameter absent"));
    CHECK_THROWS_WITH(result.get_int("n", 43), contains_text("parameter n: 42 is less than 43"));
    CHECK_THROWS_WITH(result.get_int("big", 0), contains_text("parameter big"));
    CHECK_THROWS_WITH(result.get_int("trailing", 0), contains_text("parameter trailing"));
    CHECK_THROWS_WITH(result.get_int("empty", 0), contains_text("parameter empty"));
    CHECK_THROWS_WITH(result.get_time("word", 's', 0s), contains_text("parameter word"));
    CHECK_THROWS_WITH(result.get_time("bare", 's', 6s), contains_text("parameter bare"));
}

TEST_CASE("a program's own parameters are not asked of postconf") {
    const fake_postconf postconf(":", "echo 'myhostname = a.example'");
    auto own = postconf.request();
    own.own = {{"etrn_pause", "60s"}, {"etrn_sites", "none"}};
    own.overrides = {{"etrn_pause", "1s"}, {"myhostname", "a"}, {"etrn_pause", "$process_name"}};
    const auto values = read_postconf(own);
    CHECK(values.get("etrn_pause") == "flushd");
    CHECK(values.get("etrn_sites") == "none");
    CHECK(values.get("myhostname") == "a.example");
    CHECK(postconf.arguments().find("etrn_pause") == std::string::npos);
    CHECK(postconf.arguments().find("myhostname=a") != std::string::npos);
}
