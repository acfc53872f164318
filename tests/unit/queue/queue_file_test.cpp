#include "catch.hpp"
#include "queue_file.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

using namespace postfix_proto;

namespace {

std::string size_record(std::size_t size, std::size_t offset, int recipients = 1) {
    return queue_record('C', fmt::format("{:15} {:15} {:15} {:15} {:15} {:15}", size, offset,
                                         recipients, 0, size, 0));
}

/// As cleanup(8) writes it: an envelope, the content, and what was found in the content.
std::string whole_file(const std::string& envelope, const std::string& content,
                       const std::string& extracted) {
    const auto start = size_record(0, 0).size() + envelope.size() + queue_record('M', "").size();
    return size_record(content.size(), start) + envelope + queue_record('M', "") + content +
           queue_record('X', "") + extracted + queue_record('E', "");
}

std::string envelope_of(const std::string& recipients) {
    return queue_record('T', "1700000000 123456") + queue_record('A', "log_ident=A1") +
           queue_record('S', "someone@sender.tld") + recipients;
}

struct read_file {
    std::error_code failure;
    queue_file_envelope envelope;
};

read_file read(const std::string& bytes, queue_file_limits limits = {}) {
    const temporary_directory directory;
    const auto path = (directory.path() / "message").string();
    const auto file = open_file(path, O_RDWR | O_CREAT);
    REQUIRE(!write_all(file.get(), bytes));
    read_file result;
    result.failure = queue_file_reader(limits).read(file.get(), result.envelope);
    return result;
}

std::vector<std::string> addresses(const queue_file_envelope& envelope) {
    std::vector<std::string> result;
    for (const auto& one : envelope.recipients)
        result.push_back(one.address);
    return result;
}

} // namespace

TEST_CASE("queue file: recipients come before and after the content") {
    const auto recipients = queue_record('O', "x@old.tld") + queue_record('R', "x@customer.tld") +
                            queue_record('D', "done@else.tld") + queue_record('/', "not@this.tld") +
                            queue_record('R', "y@other.tld");
    const auto content = queue_record('N', "Subject: R") + queue_record('R', "z@content.tld");
    const auto [failure, envelope] =
        read(whole_file(envelope_of(recipients), content, queue_record('R', "bcc@late.tld")));
    REQUIRE_FALSE(failure);
    CHECK(addresses(envelope) ==
          std::vector<std::string>{"x@customer.tld", "y@other.tld", "bcc@late.tld"});
    CHECK(envelope.recipients[0].original == "x@old.tld");
    CHECK(envelope.recipients[1].original.empty());
    CHECK(envelope.finished == 1);
    CHECK(envelope.size == static_cast<std::int64_t>(content.size()));
    CHECK(envelope.arrival_time == 1700000000);
    CHECK(envelope.sender == "someone@sender.tld");
    CHECK(envelope.has_all);
    // The offset is that of the record itself.
    const auto before = size_record(0, 0) + envelope_of(queue_record('O', "x@old.tld"));
    CHECK(envelope.recipients[0].offset == static_cast<off_t>(before.size()));
}

TEST_CASE("queue file: a large content is passed over") {
    std::string content;
    while (content.size() < 3'000'000)
        content += queue_record('N', std::string(900, 'x'));
    const auto [failure, envelope] = read(whole_file(envelope_of(queue_record('R', "a@b.tld")),
                                                     content, queue_record('L', "filter:dummy")),
                                          {10, 20'000, 10});
    REQUIRE_FALSE(failure);
    CHECK(addresses(envelope) == std::vector<std::string>{"a@b.tld"});
    CHECK(envelope.content_filter == "filter:dummy");
}

TEST_CASE("queue file: pointers lead to what a Milter has added, and cannot lead astray") {
    const auto pointer = [](std::size_t to) { return queue_record('p', fmt::format("{:15}", to)); };
    const auto extracted_to = [&](std::size_t to) {
        return whole_file(envelope_of(queue_record('R', "a@b.tld")), queue_record('N', "x"),
                          pointer(to));
    };
    const auto end = queue_record('E', "");
    const auto size = extracted_to(0).size();
    const auto back = size - end.size();
    const auto [failure, envelope] =
        read(extracted_to(size) + queue_record('R', "added@milter.tld") + pointer(back));
    REQUIRE_FALSE(failure);
    CHECK(addresses(envelope) == std::vector<std::string>{"a@b.tld", "added@milter.tld"});

    CHECK_FALSE(read(extracted_to(0)).failure); // leads nowhere
    const auto itself = back - pointer(0).size();
    CHECK(read(extracted_to(itself)).failure == std::errc::file_too_large);
    CHECK(read(extracted_to(1)).failure);
    CHECK(read(extracted_to(size + 1000)).failure == std::errc::bad_message);
}

TEST_CASE("queue file: more recipients than the limit are said to be there") {
    std::string recipients;
    for (int i = 0; i < 5000; ++i)
        recipients += queue_record('R', fmt::format("user{}@customer.tld", i));
    const auto bytes = whole_file(envelope_of(recipients), queue_record('N', "x"), "");
    const auto all = read(bytes);
    REQUIRE_FALSE(all.failure);
    CHECK(all.envelope.recipients.size() == 5000);
    CHECK(all.envelope.recipients.back().address == "user4999@customer.tld");
    const auto some = read(bytes, {100, 1'000'000, 10});
    REQUIRE_FALSE(some.failure);
    CHECK(some.envelope.recipients.size() == 100);
    CHECK_FALSE(some.envelope.has_all);
    CHECK(read(bytes, {10'000, 8192, 10}).failure == std::errc::file_too_large);
}

TEST_CASE("queue file: what is not complete is told, with what was found") {
    const auto bytes = whole_file(envelope_of(queue_record('R', "a@b.tld")), queue_record('N', "x"),
                                  queue_record('R', "c@d.tld"));
    for (std::size_t i = 0; i < bytes.size(); ++i)
        CHECK(read(bytes.substr(0, i)).failure == std::errc::bad_message);
    const auto cut = read(bytes.substr(0, bytes.size() - 2));
    CHECK(addresses(cut.envelope) == std::vector<std::string>{"a@b.tld", "c@d.tld"});
    CHECK(read("").failure == std::errc::bad_message);
    CHECK(read("a message\n").failure);
    CHECK(read("C\xff\xff\xff\xff\xff").failure);
    CHECK(read(queue_record('C', "1 2 3") + queue_record('E', "")).failure ==
          std::errc::bad_message);
    CHECK(read(size_record(5, 100) + envelope_of("") + queue_record('E', "")).envelope.size == 5);
    CHECK(queue_file_reader().read(-1, *std::make_unique<queue_file_envelope>()) ==
          std::errc::bad_file_descriptor);
}

TEST_CASE("queue file: a record is taken whole or not at all") {
    std::string_view bytes = "R\x03"
                             "abcN";
    const auto record = take_queue_file_record(bytes);
    REQUIRE(record);
    CHECK(record->type == 'R');
    CHECK(record->text == "abc");
    CHECK(bytes == "N");
    CHECK_FALSE(take_queue_file_record(bytes));
    const auto long_one = queue_record('N', std::string(300, 'x'));
    bytes = long_one;
    REQUIRE(take_queue_file_record(bytes));
    CHECK(bytes.empty());
    bytes = std::string_view(long_one).substr(0, 200);
    CHECK_FALSE(take_queue_file_record(bytes));
}
