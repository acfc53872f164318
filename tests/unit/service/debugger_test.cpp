#include "catch.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/debugger.hpp"

#include <fmt/format.h>

using namespace postfix_proto;

namespace {

class string_sink : public log_sink {
public:
    explicit string_sink(std::string& text) : text_(text) {}
    void write(severity level, std::string_view text) noexcept override {
        text_ += fmt::format("{}|{}\n", severity_label(level), text);
    }

private:
    std::string& text_;
};

} // namespace

TEST_CASE("run_debugger_command logs the command and runs it through the shell") {
    const temporary_directory directory;
    std::string text;
    logger log(std::make_unique<string_sink>(text));
    const auto command = "echo ran >" + directory.file("out") + "; exit 3";
    run_debugger_command(command, log);
    CHECK(std::filesystem::file_size(directory.file("out")) == 4);
    CHECK(text == "|running: " + command + "\n");
}

TEST_CASE("run_debugger_command refuses an empty command") {
    logger log(nullptr);
    CHECK_THROWS_WITH(run_debugger_command("", log), contains_text("debugger_command"));
}
