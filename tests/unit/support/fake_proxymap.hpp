// A proxymap(8) in the test's own io_context. It knows one table.
#pragma once

#include "postfix_proto/attribute_encoder.hpp"
#include "postfix_proto/proxymap_protocol.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

class fake_proxymap {
public:
    using protocol = boost::asio::local::stream_protocol;

    std::string table = "ldap:/x";
    std::map<std::string, std::string> entries;
    postfix_proto::proxymap_form form = postfix_proto::proxymap_form::table_flags;
    bool keys_are_fixed = true;
    // In the newer form the flags change with each reply, and a request with others than those of
    // the last one is answered "no such key".
    std::int32_t flags_beyond = 0;
    int lookup_status = 0; // other than 0: for every lookup
    bool announces = true;
    std::string protocol_name = "proxymap_protocol";
    bool answers = true;
    int requests_per_connection = 1000000; // then it hangs up
    std::chrono::milliseconds delay{0};

    int connections = 0;
    std::vector<std::string> requests; // "open ldap:/x", "lookup ldap:/x key"

    fake_proxymap(boost::asio::io_context& context, std::string path)
        : context_(context), acceptor_(context), path_(std::move(path)) {}

    void start() {
        ::unlink(path_.c_str());
        acceptor_ = protocol::acceptor(context_, protocol::endpoint(path_));
        boost::asio::co_spawn(context_, accept(), [](const std::exception_ptr&) {});
    }
    void stop() { acceptor_.close(); }

private:
    boost::asio::awaitable<void> accept() {
        for (;;) {
            auto peer = co_await acceptor_.async_accept(boost::asio::use_awaitable);
            ++connections;
            boost::asio::co_spawn(context_, serve(std::move(peer)),
                                  [](const std::exception_ptr&) {});
        }
    }

    boost::asio::awaitable<void> serve(protocol::socket peer) {
        using namespace std::string_literals;
        using boost::asio::use_awaitable;
        postfix_proto::attribute_encoder out;
        if (announces)
            co_await send(peer, out.add("protocol", protocol_name).finish());
        std::string input;
        std::int32_t table_flags = 0;
        const bool has_instance_flags = form == postfix_proto::proxymap_form::instance_flags;
        const std::size_t key_field = has_instance_flags ? 9 : 7;
        for (int i = 0; i < requests_per_connection; ++i) {
            const auto size = co_await boost::asio::async_read_until(
                peer, boost::asio::dynamic_buffer(input), "\0\0"s, use_awaitable);
            std::vector<std::string> fields;
            for (std::size_t start = 0; start + 1 < size;) {
                const std::size_t end = input.find('\0', start);
                fields.push_back(input.substr(start, end - start));
                start = end + 1;
            }
            input.erase(0, size);
            const bool is_open = fields.at(1) == "open";
            if (fields.at(4) != (has_instance_flags ? "instance_flags" : "flags"))
                throw std::runtime_error("a request in the other form");
            requests.push_back(fields[1] + " " + fields.at(3) +
                               (is_open ? "" : " " + fields.at(key_field)));
            if (!answers)
                continue;
            if (delay.count() > 0)
                co_await boost::asio::steady_timer(context_, delay).async_wait(use_awaitable);
            const bool is_known = fields[3] == table;
            if (is_open) {
                table_flags = is_known ? (keys_are_fixed ? 16 : 32) + flags_beyond : 0;
                out.add("status", is_known ? 0 : 4).add("flags", table_flags);
            } else {
                const auto entry = entries.find(fields.at(key_field));
                const bool has_flags =
                    !has_instance_flags || fields.at(7) == std::to_string(table_flags);
                const bool is_there = is_known && has_flags && entry != entries.end();
                out.add("status", lookup_status != 0 ? lookup_status : is_there ? 0 : 1);
                if (has_instance_flags)
                    out.add("flags", table_flags = lookup_status == 4 ? 0 : table_flags + 256);
                out.add("value", is_there ? entry->second : ""s);
            }
            co_await send(peer, out.finish());
        }
    }

    static boost::asio::awaitable<void> send(protocol::socket& peer, std::string bytes) {
        co_await boost::asio::async_write(peer, boost::asio::buffer(bytes),
                                          boost::asio::use_awaitable);
    }

    boost::asio::io_context& context_;
    protocol::acceptor acceptor_;
    std::string path_;
};
