// An SMTP server in the io_context of the test.
#pragma once

#include "postfix_proto/awaitable.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

class fake_smtp_server {
    using tcp = boost::asio::ip::tcp;

public:
    /// What is said to a line; "" is nothing, and no value hangs up.
    using answers = std::function<std::optional<std::string>(const std::string& line)>;

    explicit fake_smtp_server(boost::asio::io_context& context, answers answer = usual,
                              tcp::endpoint at = {boost::asio::ip::address_v4::loopback(), 0})
        : acceptor_(context, at), answer_(std::move(answer)) {
        boost::asio::co_spawn(context, accept(), boost::asio::detached);
    }

    /// "CONNECT" stands for the connection.
    static std::optional<std::string> usual(const std::string& line) {
        if (line == "CONNECT")
            return "220 fake ESMTP\r\n";
        if (line.starts_with("EHLO "))
            return "250-fake\r\n250 ETRN\r\n";
        if (line.starts_with("ETRN "))
            return "250 Queuing started\r\n";
        return "221 bye\r\n";
    }

    [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

    std::vector<std::string> heard; // lines
    std::size_t open = 0, most_open = 0;

    [[nodiscard]] std::size_t count(const std::string& line) const {
        return static_cast<std::size_t>(std::count(heard.begin(), heard.end(), line));
    }

private:
    boost::asio::awaitable<void> accept() {
        while (true) {
            auto client = co_await acceptor_.async_accept(boost::asio::use_awaitable);
            boost::asio::co_spawn(acceptor_.get_executor(), serve(std::move(client)),
                                  boost::asio::detached);
        }
    }
    boost::asio::awaitable<void> serve(tcp::socket client) {
        most_open = std::max(most_open, ++open);
        std::string line = "CONNECT", input;
        boost::system::error_code error;
        while (!error) {
            const auto answer = answer_(line);
            if (!answer)
                break;
            co_await boost::asio::async_write(
                client, boost::asio::buffer(*answer),
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            const auto size = co_await boost::asio::async_read_until(
                client, boost::asio::dynamic_buffer(input), "\r\n",
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error)
                break;
            line = input.substr(0, size - 2);
            input.erase(0, size);
            heard.push_back(line);
        }
        --open;
    }

    tcp::acceptor acceptor_;
    answers answer_;
};
