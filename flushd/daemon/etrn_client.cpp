#include "flushd/daemon/etrn_client.hpp"

#include "flushd/daemon/limited_socket.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace flushd {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using clock = std::chrono::steady_clock;
using postfix_proto::unexpected;
using outcome = postfix_proto::result<smtp_reply, std::string>;

namespace {

constexpr std::size_t longest_line = 2048; // Postfix's line_length_limit
constexpr std::size_t longest_reply = std::size_t{64} * 1024;
constexpr std::size_t longest_text = 300;
// For the host to take its leave, so that it need not log a lost connection.
constexpr std::chrono::seconds leave_patience{2};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class conversation {
public:
    conversation(asio::io_context& context, etrn_conversation what, clock::time_point end)
        : what_(std::move(what)), socket_(context, end) {}

    asio::awaitable<outcome> hold(clock::time_point end) {
        error_code error;
        socket_->open(what_.host.protocol(), error);
        if (!error)
            co_await socket_->async_connect(what_.host,
                                            asio::redirect_error(asio::use_awaitable, error));
        if (error)
            co_return unexpected(fmt::format("connect to {}: {}", what_.where, reason(error)));
        const std::array<std::pair<std::string_view, std::string>, 3> steps{
            {{"greeting", ""},
             {"EHLO", fmt::format("EHLO {}\r\n", what_.hello)},
             {"ETRN", fmt::format("ETRN {}\r\n", what_.site)}}};
        smtp_reply answer;
        for (const auto& [verb, line] : steps) {
            auto said = co_await exchange(line, verb);
            if (!said)
                co_return said;
            answer = *std::move(said);
            if (!answer.is_good() && verb != "ETRN")
                co_return unexpected(
                    fmt::format("{} said: {} ({})", what_.where, answer.str(), verb));
        }
        co_await leave(end);
        co_return answer;
    }

private:
    [[nodiscard]] std::string reason(const error_code& error) const {
        return socket_.is_expired() ? "timed out" : error.message();
    }

    /// Sends the line, which may be empty and must outlive the wait for a reply.
    asio::awaitable<outcome> exchange(const std::string& line, std::string_view verb) {
        error_code error;
        if (!line.empty())
            co_await asio::async_write(*socket_, asio::buffer(line),
                                       asio::redirect_error(asio::use_awaitable, error));
        while (!error) {
            if (auto complete = take_reply(input_)) {
                if (!*complete)
                    co_return unexpected(
                        fmt::format("{}: {} ({})", what_.where, complete->error(), verb));
                co_return std::move(*complete);
            }
            const auto size = co_await socket_->async_read_some(
                asio::buffer(buffer_), asio::redirect_error(asio::use_awaitable, error));
            input_.append(buffer_.data(), size);
        }
        co_return unexpected(socket_.is_expired()
                                 ? fmt::format("{} timed out ({})", what_.where, verb)
                                 : fmt::format("lost connection with {} ({})", what_.where, verb));
    }

    asio::awaitable<void> leave(clock::time_point end) {
        socket_.expires_at(std::min<clock::time_point>(end, clock::now() + leave_patience));
        const std::string line = "QUIT\r\n";
        static_cast<void>(co_await exchange(line, "QUIT"));
    }

    etrn_conversation what_;
    limited_socket<tcp::socket> socket_;
    std::string input_;
    std::array<char, 4096> buffer_{};
};

} // namespace

std::string smtp_reply::str() const {
    return text.empty() ? fmt::format("{}", code) : fmt::format("{} {}", code, text);
}

std::optional<outcome> take_reply(std::string& input) {
    smtp_reply result;
    std::size_t begin = 0;
    while (begin < longest_reply) {
        const auto end = input.find('\n', begin);
        if ((end == std::string::npos ? input.size() : end) - begin > longest_line)
            return unexpected(std::string("a line of its reply is too long"));
        if (end == std::string::npos)
            return std::nullopt;
        auto line = std::string_view(input).substr(begin, end - begin);
        begin = end + 1;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit) ||
            (line.size() > 3 && line[3] != ' ' && line[3] != '-'))
            return unexpected(std::string("its reply is not SMTP"));
        result.code = 0;
        for (const char c : line.substr(0, 3))
            result.code = result.code * 10 + static_cast<unsigned>(c - '0');
        const bool is_last = line.size() == 3 || line[3] == ' ';
        const auto text = postfix_proto::trim(line.substr(std::min<std::size_t>(4, line.size())));
        if (!text.empty() && result.text.size() < longest_text)
            result.text += fmt::format("{}{}", result.text.empty() ? "" : " ", text);
        if (!is_last)
            continue;
        result.text.resize(std::min(result.text.size(), longest_text));
        input.erase(0, begin);
        return result;
    }
    return unexpected(std::string("its reply is too long"));
}

asio::awaitable<outcome> request_by_etrn(asio::io_context& context, etrn_conversation what,
                                         clock::time_point end) {
    conversation with_host(context, std::move(what), end);
    co_return co_await with_host.hold(end);
}

} // namespace flushd
