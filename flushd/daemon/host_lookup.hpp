/// Finds the addresses of hosts, without blocking and from within a chroot jail.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace flushd {

/// Whom to ask for addresses. getaddrinfo(3) is not used: it blocks, loads libraries, and reads
/// files outside of the jail.
struct name_service {
    std::vector<boost::asio::ip::udp::endpoint> servers;
    /// Of /etc/hosts; the names are in lower case.
    std::unordered_map<std::string, std::vector<boost::asio::ip::address>> hosts;

    static constexpr const char* resolv_conf = "/etc/resolv.conf";
    static constexpr const char* hosts_file = "/etc/hosts";

    /// Reads both files, before the jail. One that cannot be read counts as empty.
    [[nodiscard]] static name_service read();
    /// The same from what is in the files. Without a "nameserver" line it is the local host's, as
    /// in resolv.conf(5). Search domains do not count: hosts are to be named in full.
    [[nodiscard]] static name_service parse(std::string_view resolv_conf_text,
                                            std::string_view hosts_text);
};

/// The type of the records that have addresses.
enum class address_record : std::uint16_t { ipv4 = 1, ipv6 = 28 };

/// What a name server has said.
struct address_answer {
    enum class kind {
        none,    ///< not an answer to this question
        useless, ///< the server cannot tell
        known,   ///< these addresses, perhaps none
    };
    kind what = kind::none;
    std::vector<boost::asio::ip::address> addresses{};
    bool has_host = true; ///< false if there is no such name
};

/// A question as RFC 1035 has it. The name must be a valid host name.
[[nodiscard]] std::string encode_question(std::uint16_t id, std::string_view name,
                                          address_record type);

/// An answer to that question. `bytes` may be anything.
[[nodiscard]] address_answer decode_answer(std::string_view bytes, std::uint16_t id,
                                           std::string_view name, address_record type);

/// The addresses of a host, at least one, or why there are none. `names` must outlive the call.
[[nodiscard]] boost::asio::awaitable<
    postfix_proto::result<std::vector<boost::asio::ip::address>, std::string>>
find_addresses(boost::asio::io_context& context, const name_service& names, std::string host,
               std::chrono::steady_clock::time_point end);

} // namespace flushd
