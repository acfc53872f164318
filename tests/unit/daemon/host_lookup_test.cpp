#include "catch.hpp"

#include "flushd/daemon/host_lookup.hpp"

#include "postfix_proto/run_blocking.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace flushd;
using namespace postfix_proto;
using asio::ip::make_address;
using asio::ip::udp;
using kind = address_answer::kind;

namespace {

const std::string cname = {'\xc0', '\x0c', '\0', '\5', '\0', '\1',   '\0',
                           '\0',   '\0',   '\1', '\0', '\2', '\xc0', '\x0c'};
const std::string ipv4 = {'\xc0', '\x0c', '\0', '\1', '\0',   '\1', '\0', '\0',
                          '\0',   '\1',   '\0', '\4', '\xc0', '\0', '\2', '\7'};

/// The answer to a question, with these records.
std::string answer(std::string question, const std::vector<std::string>& records, int code = 0) {
    question[2] = static_cast<char>(0x81);
    question[3] = static_cast<char>(0x80 | code);
    question[7] = static_cast<char>(records.size());
    for (const auto& record : records)
        question += record;
    return question;
}

std::vector<std::string> texts(const std::vector<asio::ip::address>& addresses) {
    std::vector<std::string> result;
    for (const auto& address : addresses)
        result.push_back(address.to_string());
    return result;
}

/// A name server that answers questions for IPv4 addresses only as it is told to.
class fake_name_server {
public:
    fake_name_server(asio::io_context& context, std::vector<std::string> records, int code = 0)
        : socket_(context, {asio::ip::address_v4::loopback(), 0}), records_(std::move(records)),
          code_(code) {
        asio::co_spawn(context, serve(), asio::detached);
    }
    [[nodiscard]] udp::endpoint endpoint() const { return socket_.local_endpoint(); }

private:
    asio::awaitable<void> serve() {
        std::array<char, 512> buffer{};
        udp::endpoint client;
        while (true) {
            const auto size = co_await socket_.async_receive_from(asio::buffer(buffer), client,
                                                                  asio::use_awaitable);
            const std::string question(buffer.data(), size);
            const bool is_ipv4 = question[size - 3] == 1;
            const auto text =
                answer(question, is_ipv4 ? records_ : std::vector<std::string>(), code_);
            socket_.send_to(asio::buffer("not an answer", 13), client);
            socket_.send_to(asio::buffer(text), client);
        }
    }

    udp::socket socket_;
    std::vector<std::string> records_;
    int code_;
};

std::string found(asio::io_context& context, const name_service& names, const std::string& host) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto result = run_until_done(context, find_addresses(context, names, host, end));
    if (!result)
        return result.error();
    std::string all;
    for (const auto& text : texts(*result))
        all += text + " ";
    return all;
}

} // namespace

TEST_CASE("resolv.conf and hosts tell whom to ask") {
    const auto names = name_service::parse(
        "# comment\nsearch example\nnameserver 192.0.2.1 # x\n  nameserver\t2001:db8::1;\n"
        "nameserver nonsense\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
        "127.0.0.1 localhost\n::1\tlocalhost  Other.Example #no\n#192.0.2.9 commented\nx "
        "y\n\n192.0.2.8");
    CHECK(names.servers == std::vector<udp::endpoint>{{make_address("192.0.2.1"), 53},
                                                      {make_address("2001:db8::1"), 53},
                                                      {make_address("192.0.2.3"), 53}});
    CHECK(names.hosts.size() == 2);
    CHECK(texts(names.hosts.at("localhost")) == std::vector<std::string>{"127.0.0.1", "::1"});
    CHECK(texts(names.hosts.at("other.example")) == std::vector<std::string>{"::1"});
    const auto none = name_service::parse("", "");
    CHECK(none.servers == std::vector<udp::endpoint>{{make_address("127.0.0.1"), 53}});
}

TEST_CASE("an answer counts only for its own question") {
    const auto question = encode_question(0x1234, "mx2.example", address_record::ipv4);
    CHECK(question == std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0\3mx2\7example\0\0\1\0\1", 29));
    const auto bytes = answer(question, {cname, ipv4});
    const auto read = [](const std::string& text, std::uint16_t id, const char* name,
                         address_record type) { return decode_answer(text, id, name, type); };
    const auto known = read(bytes, 0x1234, "MX2.example", address_record::ipv4);
    CHECK(known.what == kind::known);
    CHECK(texts(known.addresses) == std::vector<std::string>{"192.0.2.7"});
    CHECK(read(bytes, 0x1235, "mx2.example", address_record::ipv4).what == kind::none);
    CHECK(read(bytes, 0x1234, "mx3.example", address_record::ipv4).what == kind::none);
    CHECK(read(bytes, 0x1234, "mx2.example", address_record::ipv6).what == kind::none);
    CHECK(read(question, 0x1234, "mx2.example", address_record::ipv4).what == kind::none);
    CHECK(read(answer(question, {}, 2), 0x1234, "mx2.example", address_record::ipv4).what ==
          kind::useless);
    const auto no_host = read(answer(question, {}, 3), 0x1234, "mx2.example", address_record::ipv4);
    CHECK(no_host.what == kind::known);
    CHECK_FALSE(no_host.has_host);
    // Cut or changed anywhere, it is still only bytes.
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK(read(bytes.substr(0, size), 0x1234, "mx2.example", address_record::ipv4)
                  .addresses.empty());
    for (std::size_t at = 0; at < bytes.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
            CHECK(read(changed, 0x1234, "mx2.example", address_record::ipv4).addresses.size() <= 1);
        }
}

TEST_CASE("addresses come from the name itself, from hosts, or from a name server") {
    asio::io_context context(1);
    const fake_name_server server(context, {cname, ipv4}), broken(context, {}, 2);
    auto names = name_service::parse("", "192.0.2.5 mx5.example");
    names.servers = {broken.endpoint(), server.endpoint()};
    CHECK(found(context, names, "192.0.2.1") == "192.0.2.1 ");
    CHECK(found(context, names, "2001:db8::1") == "2001:db8::1 ");
    CHECK(found(context, names, "MX5.example") == "192.0.2.5 ");
    CHECK(found(context, names, "mx2.example") == "192.0.2.7 ");
}

TEST_CASE("a host without addresses is told from name servers that do not answer") {
    asio::io_context context(1);
    const fake_name_server empty(context, {}), unknown(context, {}, 3), broken(context, {}, 2);
    name_service names;
    const auto found_at = [&](std::vector<udp::endpoint> servers) {
        names.servers = std::move(servers);
        return found(context, names, "mx2.example");
    };
    CHECK(found_at({empty.endpoint()}) == "mx2.example: has no address");
    CHECK(found_at({unknown.endpoint()}) == "mx2.example: no such host");
    CHECK(found_at({broken.endpoint()}) == "mx2.example: no answer from a name server");
    const auto nobody =
        udp::socket(context, {asio::ip::address_v4::loopback(), 0}).local_endpoint();
    CHECK(found_at({nobody}) == "mx2.example: no answer from a name server");
}
