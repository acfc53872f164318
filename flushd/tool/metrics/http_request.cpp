#include "flushd/tool/metrics/http_request.hpp"

#include "postfix_proto/boost_version.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

namespace flushd::tool {

namespace http = boost::beast::http;

namespace {

/// The path of a target. A proxy sends the whole URL, which RFC 9112, section 3.2.2, says every
/// server must accept.
std::string path_of(std::string_view target) {
    constexpr std::string_view scheme = "http://";
    if (target.starts_with(scheme)) {
        const auto slash = target.find('/', scheme.size());
        target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    return std::string(target.substr(0, target.find('?')));
}

} // namespace

struct http_request_reader::parser {
    http::request_parser<http::empty_body> head;
    std::string unread; // what the parser has not used yet
};

http_request_reader::http_request_reader() : parser_(std::make_unique<parser>()) {
    parser_->head.header_limit(longest_head);
}

http_request_reader::~http_request_reader() = default;

http_request_reader::state http_request_reader::feed(std::string_view bytes) {
    if (state_ != state::incomplete)
        return state_;
    auto& [head, unread] = *parser_;
    unread.append(bytes);
    boost::system::error_code error;
    unread.erase(0, head.put(boost::asio::buffer(unread), error));
    // A request with a body is refused for its method, not for the body.
    if (head.is_header_done()) {
        state_ = state::complete;
        const auto& request = head.get();
        method_ = std::string(request.method_string().data(), request.method_string().size());
        path_ = path_of({request.target().data(), request.target().size()});
    } else if (error == http::error::header_limit || unread.size() > longest_head) {
        state_ = state::too_long;
    } else if (error && error != http::error::need_more) {
        state_ = state::malformed;
    }
    return state_;
}

} // namespace flushd::tool
