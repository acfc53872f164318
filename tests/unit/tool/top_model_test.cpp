#include "catch.hpp"

#include "flushd/tool/top/top_model.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace flushd::tool;

namespace {

waiting_row row(std::string name, std::size_t messages, std::time_t oldest) {
    waiting_row result{std::move(name), {}, std::nullopt};
    result.group.messages = result.group.deferred = messages;
    result.group.oldest = oldest;
    result.group.reason = "connect to a.tld[192.0.2.1]:25: Connection refused";
    return result;
}

waiting_report report(std::size_t more = 0) {
    waiting_report result;
    result.now = 10'000;
    result.rows = {row("big.tld", 30, 900), row("middle.tld", 20, 500), row("small.tld", 1, 700)};
    for (std::size_t i = 0; i < more; ++i)
        result.rows.push_back(row("z" + std::to_string(100 + i) + ".tld", 1, 800));
    return result;
}

key_press text(std::string_view character) { return {top_key::text, std::string(character)}; }

top_action press(top_model& model, std::string_view letters) {
    top_action result;
    for (const char letter : letters)
        result = model.press(text(std::string_view(&letter, 1)));
    return result;
}

std::string text_of(const text_table::line& line) {
    std::string result;
    for (const auto& part : line.parts)
        result += part.text;
    return result;
}

std::string selected(top_model& model, std::size_t rows = 24) {
    for (const auto& one : model.draw(80, rows).rows)
        if (one.is_selected)
            return text_of(one.cells).substr(0, text_of(one.cells).find(' '));
    return "";
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("keys move the selection, and it stays on a name when a new report comes") {
    top_model model;
    model.take(report());
    CHECK(selected(model) == "big.tld");
    CHECK(model.press({top_key::down, {}}).what == top_action::nothing);
    CHECK(selected(model) == "middle.tld");
    auto next = report();
    std::swap(next.rows[0], next.rows[1]);
    model.take(std::move(next));
    CHECK(selected(model) == "middle.tld");
    press(model, "kkkk");
    CHECK(selected(model) == "middle.tld");
    static_cast<void>(model.press({top_key::end, {}}));
    CHECK(selected(model) == "small.tld");
}

TEST_CASE("a long list scrolls so that the selected row is always there") {
    top_model model;
    model.take(report(500));
    for (const std::size_t rows : {24U, 5U, 4U, 3U, 2U, 1U}) {
        CAPTURE(rows);
        static_cast<void>(model.press({top_key::home, {}}));
        for (int i = 0; i < 503; ++i) {
            REQUIRE_FALSE(selected(model, rows).empty());
            static_cast<void>(model.press({top_key::down, {}}));
        }
        CHECK(selected(model, rows) == "z599.tld");
        static_cast<void>(model.press({top_key::page_up, {}}));
        CHECK_FALSE(selected(model, rows).empty());
    }
}

TEST_CASE("a send is asked for first") {
    top_model model;
    model.take(report());
    CHECK(press(model, "s").what == top_action::nothing);
    CHECK(model.draw(80, 24).last_line == "send big.tld? (y/n)");
    CHECK(press(model, "n").what == top_action::nothing);
    CHECK(press(model, "y").what == top_action::nothing); // nothing is asked any more
    const auto sent = press(model, "sy");
    CHECK(sent.what == top_action::send);
    CHECK(sent.arguments == words{"--", "big.tld"});
}

TEST_CASE("marked rows are sent together") {
    top_model model;
    model.take(report());
    CHECK(press(model, "S").what == top_action::nothing); // none is marked
    press(model, "  ");
    CHECK(model.draw(80, 24).heading.find("2 marked") != std::string::npos);
    const auto sent = press(model, "Sy");
    CHECK(sent.arguments == words{"--", "big.tld", "middle.tld"});
    CHECK(model.draw(80, 24).heading.find("marked") == std::string::npos);
}

TEST_CASE("Enter opens a destination, whose messages are sent by their IDs") {
    top_model model;
    model.take(report());
    CHECK(model.press({top_key::enter, {}}).what == top_action::ask_again);
    CHECK(model.question().only_group == "big.tld");
    CHECK(model.question().list_messages);
    auto opened = report();
    for (const char* id : {"A1", "B2"})
        opened.messages.push_back({.id = *postfix_proto::queue_id::parse(id),
                                   .due = {},
                                   .returned = {},
                                   .sender = {},
                                   .recipient = "user@big.tld",
                                   .reason = {},
                                   .relay = {}});
    model.take(std::move(opened));
    CHECK(press(model, "sy").arguments == words{"--id=A1"});
    CHECK(model.press({top_key::escape, {}}).what == top_action::ask_again);
    CHECK_FALSE(model.question().only_group);
    CHECK(selected(model) == "big.tld");
}

TEST_CASE("b groups by another thing, and sends by it") {
    top_model model;
    model.take(report());
    CHECK(press(model, "b").what == top_action::ask_again);
    CHECK(model.question().by == group_by::relay);
    CHECK(send_arguments(group_by::relay, false, {"mx.tld"}) == words{"--relay=mx.tld"});
    CHECK(send_arguments(group_by::sender, false, {"a@b.tld"}) == words{"--from=a@b.tld"});
    CHECK(send_arguments(group_by::reason, false, {"no *"}) == words{"--reason=no *"});
    press(model, "bbb");
    CHECK(model.question().by == group_by::destination);
}

TEST_CASE("what has no name is not sent as a destination of that name") {
    top_model model;
    auto nameless = report();
    nameless.rows = {row("none", 3, 100)};
    model.take(std::move(nameless));
    CHECK(press(model, "sy").what == top_action::nothing);
}

TEST_CASE("a filter leaves out what does not fit") {
    top_model model;
    model.take(report());
    press(model, "/MIDD");
    CHECK(model.draw(80, 24).last_line == "filter: MIDD");
    CHECK(model.draw(80, 24).rows.size() == 1);
    static_cast<void>(model.press({top_key::backspace, {}}));
    static_cast<void>(model.press({top_key::enter, {}}));
    CHECK(selected(model) == "middle.tld");
    CHECK(press(model, "q").what == top_action::quit); // a letter is a key again
    static_cast<void>(model.press({top_key::escape, {}}));
    CHECK(model.draw(80, 24).rows.size() == 3);
}

TEST_CASE("left and right change the order") {
    top_model model;
    model.take(report());
    static_cast<void>(model.press({top_key::right, {}}));
    CHECK(model.question().sort == waiting_column::oldest);
    CHECK(text_of(model.draw(80, 24).rows[0].cells).starts_with("middle.tld"));
    static_cast<void>(model.press({top_key::left, {}}));
    static_cast<void>(model.press({top_key::left, {}}));
    CHECK(model.question().sort == waiting_column::name);
}

TEST_CASE("no line is wider than the screen, whatever its size") {
    top_model model;
    model.take(report(50));
    for (std::size_t columns = 10; columns < 200; columns += 7)
        for (const std::size_t rows : {1U, 2U, 3U, 10U, 60U}) {
            const auto screen = model.draw(columns, rows);
            CHECK(display_width(screen.heading) <= columns);
            CHECK(display_width(screen.last_line) <= columns);
            CHECK(screen.rows.size() <= std::max<std::size_t>(rows, 4) - 3);
        }
}

TEST_CASE("an interrupt ends it, also while something is asked") {
    top_model model;
    model.take(report());
    press(model, "s");
    CHECK(model.press({top_key::interrupt, {}}).what == top_action::quit);
}
