#include "catch.hpp"

#include "flushd/tool/status/age_picture.hpp"
#include "flushd/tool/status/html_page.hpp"

#include <ctime>
#include <list>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

using namespace flushd::tool;

namespace {

constexpr std::time_t now = 1000000;
constexpr std::time_t hour = 3600;

/// A report about destinations that it keeps itself.
class sample {
public:
    void add(std::string_view name, std::time_t age, std::time_t rest, std::string reason = {}) {
        auto& group = groups_.emplace_back();
        group.messages = group.deferred = 2;
        group.bytes = 2048;
        group.oldest = now - age;
        group.next = now + 60;
        group.returned = now + rest;
        group.reason = std::move(reason);
        names_.emplace_back(name);
        report.rows.push_back({names_.back(), &group});
        total_.messages += 2;
        total_.oldest = group.oldest;
        total_.returned = group.returned;
    }
    [[nodiscard]] std::string page() const { return html_page(report); }

    html_report report{.host = "mail.tld", .now = now, .total = &total_};

private:
    std::list<std::string> names_;
    std::list<waiting_group> groups_;
    waiting_group total_;
};

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t result = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++result;
    return result;
}

/// Whether each element that is begun is ended, in the right order.
bool is_well_formed(const std::string& page) {
    std::vector<std::string> open;
    const std::regex tag("<(/?)([a-zA-Z0-9]+)([^<>]*)>");
    for (std::sregex_iterator one(page.begin(), page.end(), tag), end; one != end; ++one) {
        const std::string name = (*one)[2], rest = (*one)[3];
        if (name == "meta" || (!rest.empty() && rest.back() == '/'))
            continue;
        if ((*one)[1].length() == 0) {
            open.push_back(name);
        } else {
            if (open.empty() || open.back() != name)
                return false;
            open.pop_back();
        }
    }
    return open.empty();
}

} // namespace

TEST_CASE("a page has a row and a bar for each destination, the oldest bar first") {
    sample one;
    one.add("young.tld", hour, 119 * hour, "connect to mx.young.tld: Connection refused");
    one.add("old.tld", 100 * hour, 20 * hour);
    const auto page = one.page();
    CHECK(is_well_formed(page));
    CHECK(page.find("<title>Mail that waits on mail.tld</title>") != std::string::npos);
    CHECK(count_of(page, "<bdi>young.tld</bdi>") == 1);
    CHECK(count_of(page, "<bdi>connect to mx.young.tld: Connection refused</bdi>") == 1);
    CHECK(count_of(page, "<g><title>") == 2);
    CHECK(page.find("<title>old.tld: 2 messages, the oldest 4d 4h</title>") <
          page.find("<title>young.tld: 2 messages, the oldest 1h</title>"));
    CHECK(page.find(">4d 4h</td>") != std::string::npos);
}

TEST_CASE("a page shows what is close to its return") {
    sample one;
    one.add("calm.tld", 59 * hour, 61 * hour);
    one.add("soon.tld", 60 * hour, 60 * hour);
    one.add("late.tld", 96 * hour, 24 * hour);
    const auto picture = age_picture(one.report);
    CHECK(count_of(picture, "<rect class=\"calm\"") == 1);
    CHECK(count_of(picture, "<rect class=\"soon\"") == 1);
    CHECK(count_of(picture, "<rect class=\"late\"") == 1);
    CHECK(picture.find("late.tld") < picture.find("<rect class=\"late\""));
    CHECK(picture.find("<rect class=\"late\"") < picture.find("soon.tld"));
}

TEST_CASE("the bars of a picture are as long as their ages, below an axis that holds the oldest") {
    sample one;
    one.add("a.tld", 4 * hour, 116 * hour);
    one.add("b.tld", 2 * hour, 118 * hour);
    one.add("c.tld", 0, 120 * hour);
    const auto picture = age_picture(one.report);
    // The axis ends at 6 hours.
    CHECK(picture.find(">6h</text>") != std::string::npos);
    CHECK(picture.find("width=\"66.67%\"") != std::string::npos);
    CHECK(picture.find("width=\"33.33%\"") != std::string::npos);
    CHECK(picture.find("width=\"0.30%\"") != std::string::npos);
    for (const std::time_t age : {std::time_t(1), 7 * hour, 24 * 500 * hour, 24 * 90000 * hour}) {
        sample other;
        other.add("a.tld", age, 0);
        const auto drawn = age_picture(other.report);
        CHECK(is_well_formed(drawn));
        CHECK(std::regex_search(drawn, std::regex("class=\"late\"[^>]*width=\"[0-9.]+%\"")));
        CHECK(drawn.find("width=\"100.01") == std::string::npos);
    }
}

TEST_CASE("nothing that others have written becomes a part of the page") {
    sample one;
    const std::string evil = "\"><script>alert('x')</script>&amp;<svg onload=y>\x1b\x80\n.tld";
    one.report.host = evil;
    one.add(evil, hour, hour, evil);
    one.add(std::string(300, 'a') + ".tld", hour, hour);
    one.add("b\xc3\xbc"
            "cher.tld",
            hour, hour);
    const auto page = one.page();
    CHECK(is_well_formed(page));
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("onload=y>") == std::string::npos);
    CHECK(page.find("alert('x')") == std::string::npos);
    CHECK(page.find('\x1b') == std::string::npos);
    CHECK(page.find('\x80') == std::string::npos);
    CHECK(
        page.find("<bdi>&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;&lt;svg "
                  "onload=y&gt;???.tld</bdi>") != std::string::npos);
    CHECK(page.find("<bdi>b\xc3\xbc"
                    "cher.tld</bdi>") != std::string::npos);
}

TEST_CASE("a page needs nothing from elsewhere, and forbids it to the browser") {
    sample one;
    one.add("a.tld", hour, hour);
    const auto page = one.page();
    CHECK(page.find("content=\"default-src 'none'; style-src 'unsafe-inline'\"") !=
          std::string::npos);
    for (const char* part : {"<script", "<link", "<img", "src=", "href=", "url(", "@import"}) {
        CAPTURE(part);
        CHECK(page.find(part) == std::string::npos);
    }
    // The namespace of SVG is a name.
    CHECK(count_of(page, "http://") == 1);
}

TEST_CASE("a page of an empty queue says so, and a long one draws the oldest only") {
    CHECK(sample().page().find("<p>No mail waits.</p>") != std::string::npos);
    CHECK(is_well_formed(sample().page()));
    sample many;
    for (int n = 0; n < 300; ++n)
        many.add("d" + std::to_string(n) + ".tld", n * hour, hour);
    many.report.left_out = 7;
    const auto page = many.page();
    CHECK(count_of(page, "<g><title>") == 20);
    CHECK(page.find("<h2>Age of the oldest message: the 20 oldest destinations</h2>") !=
          std::string::npos);
    CHECK(count_of(page, "<tr>") == 301);
    CHECK(page.find("<title>d299.tld: ") != std::string::npos);
    CHECK(page.find("<p>7 more destinations are not shown.</p>") != std::string::npos);
    CHECK(page.find("<dd class=\"\">307</dd>") != std::string::npos);
}

TEST_CASE("what is on hold or has no known arrival is shown without times") {
    waiting_group held;
    held.messages = held.on_hold = 1;
    const html_report report{
        .host = "a", .now = now, .rows = {{"held.tld", &held}}, .total = &held};
    CHECK(age_picture(report).empty());
    CHECK(html_page(report).find("<bdi>held.tld</bdi>") != std::string::npos);
    held.oldest = now - hour;
    CHECK(urgency_of(held, now) == urgency::none);
    CHECK_FALSE(age_picture(report).empty());
}
