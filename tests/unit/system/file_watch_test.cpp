#include "catch.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/file_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <sstream>

using namespace postfix_proto;
namespace fs = std::filesystem;

namespace {

/// main.cf, a file; table, a link to real/table; absent, nothing; dangling, a link to real/later.
class files {
public:
    files() {
        fs::create_directory(directory_.path() / "real");
        write("main.cf", "a = b\n");
        write("real/table", "key value\n");
        fs::create_symlink("real/table", at("table"));
        fs::create_symlink("real/later", at("dangling"));
        // The kernel's clock for time stamps ticks up to every 10 ms; let the files be older.
        ::usleep(20'000);
    }

    [[nodiscard]] std::string at(std::string_view name) const { return directory_.file(name); }
    void write(std::string_view name, std::string_view text) const { directory_.write(name, text); }
    [[nodiscard]] file_watch watch() const {
        return file_watch({at("main.cf"), at("table"), at("absent"), at("dangling")});
    }

private:
    temporary_directory directory_;
};

struct step {
    std::string name;
    std::function<void(const files&)> act;
};

} // namespace

TEST_CASE("file_watch notices what changes a watched file") {
    const auto step = GENERATE(values<struct step>({
        {"edit in place", [](const files& f) { f.write("main.cf", "a = c\n"); }},
        {"append", [](const files& f) { std::ofstream(f.at("main.cf"), std::ios::app) << "x"; }},
        {"rename over",
         [](const files& f) {
             f.write("main.cf.new", "a = b\n");
             fs::rename(f.at("main.cf.new"), f.at("main.cf"));
         }},
        {"rename over with a hard link kept",
         [](const files& f) {
             fs::create_hard_link(f.at("main.cf"), f.at("main.cf~"));
             f.write("main.cf.new", "a = b\n");
             fs::rename(f.at("main.cf.new"), f.at("main.cf"));
         }},
        {"rename away", [](const files& f) { fs::rename(f.at("main.cf"), f.at("main.cf.old")); }},
        {"delete", [](const files& f) { fs::remove(f.at("main.cf")); }},
        {"mode", [](const files& f) { ::chmod(f.at("main.cf").c_str(), 0600); }},
        {"create", [](const files& f) { f.write("absent", ""); }},
        {"edit behind a link", [](const files& f) { f.write("real/table", "key other\n"); }},
        {"replace behind a link",
         [](const files& f) {
             f.write("real/new", "key value\n");
             fs::rename(f.at("real/new"), f.at("real/table"));
         }},
        {"delete behind a link", [](const files& f) { fs::remove(f.at("real/table")); }},
        {"create behind a link", [](const files& f) { f.write("real/later", ""); }},
        {"retarget a link",
         [](const files& f) {
             f.write("real/other", "key value\n");
             fs::create_symlink("real/other", f.at("table.new"));
             fs::rename(f.at("table.new"), f.at("table"));
         }},
        {"replace a link by a file",
         [](const files& f) {
             fs::remove(f.at("table"));
             f.write("table", "key value\n");
         }},
        {"delete the directory", [](const files& f) { fs::remove_all(f.at("real")); }},
    }));
    CAPTURE(step.name);
    const files f;
    auto watch = f.watch();
    REQUIRE(watch.inotify_descriptor() >= 0);
    REQUIRE_FALSE(watch.changed());
    REQUIRE_FALSE(watch.drain_inotify());
    step.act(f);
    CHECK(watch.changed());
    pollfd readable{watch.inotify_descriptor(), POLLIN, 0};
    CHECK(::poll(&readable, 1, 0) == 1);
    CHECK(watch.drain_inotify());
    CHECK_FALSE(watch.drain_inotify());
    CHECK(watch.changed());
}

TEST_CASE("file_watch takes no notice of what leaves the watched files alone") {
    const auto step = GENERATE(values<struct step>({
        {"nothing", [](const files&) {}},
        {"read",
         [](const files& f) {
             std::ostringstream text;
             text << std::ifstream(f.at("main.cf")).rdbuf();
             CHECK(text.str() == "a = b\n");
         }},
        {"open for writing, as for a lock",
         [](const files& f) { ::close(::open(f.at("main.cf").c_str(), O_RDWR)); }},
        {"create another file", [](const files& f) { f.write("main.cf.bak", ""); }},
        {"edit another file behind the link", [](const files& f) { f.write("real/other", "x"); }},
        {"delete another file",
         [](const files& f) {
             f.write("main", "");
             fs::remove(f.at("main"));
         }},
        {"list the directories",
         [](const files& f) { (void)std::distance(fs::directory_iterator(f.at("real")), {}); }},
    }));
    CAPTURE(step.name);
    const files f;
    auto watch = f.watch();
    step.act(f);
    CHECK_FALSE(watch.changed());
    CHECK_FALSE(watch.drain_inotify());
}

TEST_CASE("file_watch notices what changed before it was made, while the file was being read") {
    timespec start{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &start);
    const files f;
    CHECK(file_watch({f.at("main.cf")}, start).changed());
    timespec later = start;
    later.tv_sec += 60;
    CHECK_FALSE(file_watch({f.at("main.cf")}, later).changed());
}

TEST_CASE("file_watch is not misled by a clock that is behind the file's change time") {
    const files f;
    struct stat status {};
    REQUIRE(::stat(f.at("main.cf").c_str(), &status) == 0);
    const auto around = [&](std::time_t seconds) {
        timespec time = status.st_ctim;
        time.tv_sec += seconds;
        return time;
    };
    struct row {
        std::string name;
        std::time_t read_since, now; ///< seconds after the change
        bool changed;
    };
    const auto row = GENERATE(values<struct row>({
        {"changed before it was read", 1, 2, false},
        {"changed while it was read", -1, 1, true},
        {"changed at the very beginning", 0, 1, true},
        {"changed at the very end", -1, 0, true},
        {"the clock was set back before it was read", -3600, -3599, false},
        {"the clock was set back by little", -2, -1, false},
        {"the clock was set back while it was read", 1, -3600, false},
    }));
    CAPTURE(row.name);
    file_watch watch({f.at("main.cf")}, around(row.read_since), around(row.now));
    CHECK(watch.changed() == row.changed);
    if (!row.changed) { // what happens from now on is noticed whatever the clock says
        f.write("main.cf", "a = c\n");
        CHECK(watch.changed());
        CHECK(watch.drain_inotify());
    }
}

TEST_CASE("file_watch holds no directory open") {
    const files f;
    fs::create_directory(f.at("directory"));
    const auto directories = [] {
        std::vector<std::string> result;
        for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            const auto target = fs::read_symlink(entry.path(), gone).string();
            // But for the one that this very loop reads.
            if (fs::is_directory(entry.path(), gone) && !target.starts_with("/proc/"))
                result.push_back(target);
        }
        return result;
    };
    const auto before = directories();
    const file_watch watch({f.at("main.cf"), f.at("table"), f.at("absent"), f.at("dangling"),
                            f.at("directory"), f.at("directory/absent")});
    CHECK(directories() == before);
    CHECK_FALSE(watch.changed());
    fs::remove(f.at("directory"));
    CHECK(watch.changed());
}

TEST_CASE("file_watch tells which file it is") {
    const files f;
    const auto watch = f.watch();
    CHECK_FALSE(watch.changed_path());
    f.write("real/table", "new");
    CHECK(watch.changed_path() == f.at("table"));
}

TEST_CASE("file_watch can be moved, and watches nothing where there is no directory") {
    const files f;
    auto first = f.watch();
    auto watch = std::move(first);
    f.write("main.cf", "new");
    CHECK(watch.changed());
    CHECK(watch.drain_inotify());

    file_watch nowhere({f.at("no/such/file"), ""});
    CHECK_FALSE(nowhere.changed());
    CHECK_FALSE(nowhere.drain_inotify());
}

TEST_CASE("file_watch survives a chain of links that leads back to itself") {
    const files f;
    fs::create_symlink("loop", f.at("loop"));
    file_watch watch({f.at("loop")});
    CHECK_FALSE(watch.changed());
    fs::remove(f.at("loop"));
    CHECK(watch.changed());
    CHECK(watch.drain_inotify());
}

TEST_CASE("file_watch works after chroot and without privileges") {
    if (::getuid() != 0)
        return;
    struct row {
        std::string name;
        mode_t mode;
        bool by_status; ///< else by inotify only
        std::function<void(const files&)> act;
    };
    const auto row = GENERATE(values<struct row>({
        {"edit", 0755, true, [](const files& f) { f.write("main.cf", "new"); }},
        {"create", 0755, false, [](const files& f) { f.write("absent", "new"); }},
        {"delete", 0755, true, [](const files& f) { fs::remove(f.at("main.cf")); }},
        {"rename away", 0755, true,
         [](const files& f) { fs::rename(f.at("main.cf"), f.at("main.cf.old")); }},
        {"replace behind a link", 0755, true,
         [](const files& f) {
             f.write("real/new", "key value\n");
             fs::rename(f.at("real/new"), f.at("real/table"));
         }},
        {"retarget a link", 0755, true,
         [](const files& f) {
             fs::create_symlink("main.cf", f.at("table.new"));
             fs::rename(f.at("table.new"), f.at("table"));
         }},
        {"edit in a private directory", 0700, true,
         [](const files& f) { f.write("main.cf", "new"); }},
        {"create in a private directory", 0700, false,
         [](const files& f) { f.write("absent", "new"); }},
        {"replace in a private directory", 0700, true,
         [](const files& f) {
             f.write("x", "a = b\n");
             fs::rename(f.at("x"), f.at("main.cf"));
         }},
    }));
    CAPTURE(row.name);
    const files f;
    const temporary_directory jail;
    ::chmod(f.at(".").c_str(), row.mode);
    auto watch = f.watch();
    // "ready" tells that the child has seen the files unchanged, "go" that they have been changed.
    std::array<int, 2> ready{};
    std::array<int, 2> go{};
    REQUIRE(::pipe(ready.data()) == 0);
    REQUIRE(::pipe(go.data()) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        char byte = 0;
        ::close(go[1]);
        if (::chroot(jail.path().c_str()) != 0 || ::chdir("/") != 0 || ::setgid(65534) != 0 ||
            ::setuid(65534) != 0 || watch.changed() || watch.drain_inotify())
            ::_exit(100);
        ::close(ready[0]);
        ::close(ready[1]);
        if (::read(go[0], &byte, 1) != 0)
            ::_exit(101);
        ::_exit((watch.changed() ? 1 : 0) + (watch.drain_inotify() ? 2 : 0));
    }
    ::close(ready[1]);
    char byte = 0;
    (void)!::read(ready[0], &byte, 1);
    ::close(ready[0]);
    row.act(f);
    ::close(go[0]);
    ::close(go[1]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == (row.by_status ? 3 : 2));
}
