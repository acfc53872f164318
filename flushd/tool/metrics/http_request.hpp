/// Reads an HTTP request of which only the first line matters.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Parses the head of one HTTP/1 request. It does no I/O, so the head may arrive in any pieces.
class http_request_reader {
public:
    /// The largest head that is read, in bytes.
    static constexpr std::size_t longest_head = 8192;

    enum class state {
        incomplete,
        complete,
        malformed,
        too_long, ///< the head is larger than `longest_head`
    };

    http_request_reader();
    ~http_request_reader();

    /// Takes the next bytes. What follows the head is not looked at. Once the state is no longer
    /// `incomplete` it does not change.
    state feed(std::string_view bytes);

    /// The method, such as GET, and the path without the query. Empty until the head is complete.
    [[nodiscard]] const std::string& method() const noexcept { return method_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    struct parser; // hides the library's headers, which are slow to compile

    std::unique_ptr<parser> parser_;
    state state_ = state::incomplete;
    std::string method_;
    std::string path_;
};

} // namespace flushd::tool
