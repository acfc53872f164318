#include "flushd/daemon/host_lookup.hpp"

#include "flushd/core/address_text.hpp"
#include "flushd/daemon/limited_socket.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_io.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <arpa/nameser.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

namespace flushd {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using clock = std::chrono::steady_clock;
using addresses = std::vector<asio::ip::address>;
using found_addresses = postfix_proto::result<addresses, std::string>;

namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::size_t most_servers = 3; // as in resolv.conf(5)
constexpr std::size_t most_addresses = 8;
constexpr std::chrono::seconds server_patience{3};
constexpr int rounds = 2;
constexpr std::size_t longest_answer = 4096;
constexpr std::size_t largest_file = std::size_t{1} << 20U;

std::string_view without_comment(std::string_view line, const char* marks) {
    return line.substr(0, line.find_first_of(marks));
}

std::string_view take_word(std::string_view& line) {
    line = postfix_proto::trim(line);
    const auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
}

void put_number(std::string& bytes, unsigned number) {
    bytes += static_cast<char>(number >> 8U);
    bytes += static_cast<char>(number & 0xffU);
}

std::optional<asio::ip::address> address_of(const ns_rr& record) {
    const auto* const data = ns_rr_rdata(record);
    if (ns_rr_type(record) == ns_t_a) {
        asio::ip::address_v4::bytes_type bytes{};
        if (ns_rr_rdlen(record) != bytes.size())
            return std::nullopt;
        std::copy_n(data, bytes.size(), bytes.begin());
        return asio::ip::address_v4(bytes);
    }
    asio::ip::address_v6::bytes_type bytes{};
    if (ns_rr_rdlen(record) != bytes.size())
        return std::nullopt;
    std::copy_n(data, bytes.size(), bytes.begin());
    return asio::ip::address_v6(bytes);
}

/// What one name server says about both kinds of addresses.
struct both_answers {
    address_answer ipv4, ipv6;

    [[nodiscard]] bool are_complete() const {
        return ipv4.what != address_answer::kind::none && ipv6.what != address_answer::kind::none;
    }
    [[nodiscard]] bool is_known() const {
        return ipv4.what == address_answer::kind::known && ipv6.what == address_answer::kind::known;
    }
    [[nodiscard]] addresses all() const {
        addresses result = ipv6.addresses;
        result.insert(result.end(), ipv4.addresses.begin(), ipv4.addresses.end());
        result.resize(std::min(result.size(), most_addresses));
        return result;
    }
};

asio::awaitable<both_answers> ask_server(asio::io_context& context, udp::endpoint server,
                                         std::string host, clock::time_point end) {
    both_answers result;
    std::array<std::uint16_t, 2> ids{};
    if (::getentropy(ids.data(), sizeof ids) < 0)
        co_return result;
    limited_socket<udp::socket> socket(context, end);
    error_code error;
    socket->open(server.protocol(), error);
    if (!error)
        socket->connect(server, error); // then only its answers arrive, and its refusals, too
    for (const auto type : {address_record::ipv4, address_record::ipv6}) {
        if (error)
            co_return result;
        const auto question = encode_question(ids[type == address_record::ipv6], host, type);
        socket->send(asio::buffer(question), 0, error);
    }
    std::string answer(longest_answer, '\0');
    while (!result.are_complete()) {
        const auto size = co_await socket->async_receive(
            asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
        if (error)
            break;
        const auto bytes = std::string_view(answer).substr(0, size);
        if (auto ipv4 = decode_answer(bytes, ids[0], host, address_record::ipv4);
            ipv4.what != address_answer::kind::none)
            result.ipv4 = std::move(ipv4);
        if (auto ipv6 = decode_answer(bytes, ids[1], host, address_record::ipv6);
            ipv6.what != address_answer::kind::none)
            result.ipv6 = std::move(ipv6);
    }
    co_return result;
}

} // namespace

name_service name_service::read() {
    const auto resolv = postfix_proto::read_whole_file(resolv_conf, largest_file);
    const auto hosts = postfix_proto::read_whole_file(hosts_file, largest_file);
    return parse(resolv ? std::string_view(*resolv) : std::string_view(),
                 hosts ? std::string_view(*hosts) : std::string_view());
}

name_service name_service::parse(std::string_view resolv_conf_text, std::string_view hosts_text) {
    name_service result;
    error_code error;
    while (!resolv_conf_text.empty()) {
        auto line = without_comment(postfix_proto::take_line(resolv_conf_text), "#;");
        if (take_word(line) != "nameserver" || result.servers.size() == most_servers)
            continue;
        const auto address = asio::ip::make_address(std::string(take_word(line)), error);
        if (!error)
            result.servers.emplace_back(address, dns_port);
    }
    if (result.servers.empty())
        result.servers.emplace_back(asio::ip::address_v4::loopback(), dns_port);
    while (!hosts_text.empty()) {
        auto line = without_comment(postfix_proto::take_line(hosts_text), "#");
        const auto address = asio::ip::make_address(std::string(take_word(line)), error);
        if (error)
            continue;
        for (auto name = take_word(line); !name.empty(); name = take_word(line)) {
            auto& all = result.hosts[lower_case(name)];
            if (all.size() < most_addresses)
                all.push_back(address);
        }
    }
    return result;
}

std::string encode_question(std::uint16_t id, std::string_view name, address_record type) {
    constexpr unsigned recursion_desired = 0x100;
    std::string result;
    put_number(result, id);
    put_number(result, recursion_desired);
    put_number(result, 1); // question
    for (int none = 0; none < 3; ++none)
        put_number(result, 0);
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        result += static_cast<char>(label.size());
        result += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    result += '\0';
    put_number(result, static_cast<unsigned>(type));
    put_number(result, ns_c_in);
    return result;
}

address_answer decode_answer(std::string_view bytes, std::uint16_t id, std::string_view name,
                             address_record type) {
    address_answer result;
    ns_msg message{};
    ns_rr record{};
    if (::ns_initparse(reinterpret_cast<const unsigned char*>(bytes.data()),
                       static_cast<int>(bytes.size()), &message) < 0 ||
        ns_msg_id(message) != id || ns_msg_getflag(message, ns_f_qr) == 0 ||
        ns_msg_count(message, ns_s_qd) != 1 || ::ns_parserr(&message, ns_s_qd, 0, &record) < 0 ||
        ns_rr_type(record) != static_cast<int>(type) ||
        ::strcasecmp(ns_rr_name(record), std::string(name).c_str()) != 0)
        return result;
    result.what = address_answer::kind::useless;
    const int code = ns_msg_getflag(message, ns_f_rcode);
    if (code != ns_r_noerror && code != ns_r_nxdomain)
        return result;
    // Where the answer was cut, the addresses before the end do. There may be names before them.
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        if (::ns_parserr(&message, ns_s_an, i, &record) < 0)
            break;
        if (ns_rr_type(record) != static_cast<int>(type))
            continue;
        if (const auto address = address_of(record);
            address && result.addresses.size() < most_addresses)
            result.addresses.push_back(*address);
    }
    result.what = address_answer::kind::known;
    result.has_host = code != ns_r_nxdomain;
    return result;
}

asio::awaitable<found_addresses> find_addresses(asio::io_context& context,
                                                const name_service& names, std::string host,
                                                clock::time_point end) {
    error_code error;
    if (const auto address = asio::ip::make_address(host, error); !error)
        co_return addresses{address};
    if (const auto found = names.hosts.find(lower_case(host)); found != names.hosts.end())
        co_return found->second;
    for (int round = 0; round < rounds; ++round) {
        for (const auto& server : names.servers) {
            const auto now = clock::now();
            if (now >= end)
                break;
            const auto until = std::min<clock::time_point>(end, now + server_patience);
            const auto answers = co_await ask_server(context, server, host, until);
            if (auto all = answers.all(); !all.empty())
                co_return all;
            if (!answers.ipv4.has_host || !answers.ipv6.has_host)
                co_return postfix_proto::unexpected(fmt::format("{}: no such host", host));
            if (answers.is_known())
                co_return postfix_proto::unexpected(fmt::format("{}: has no address", host));
        }
    }
    co_return postfix_proto::unexpected(fmt::format("{}: no answer from a name server", host));
}

} // namespace flushd
