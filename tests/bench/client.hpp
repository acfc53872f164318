/// A client of the flush service, and what it measured.
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point start) {
    return std::chrono::duration<double>(clock::now() - start).count();
}

/// A connection to a UNIX-domain socket. With `nonblocking` invalid when the backlog is full.
postfix_proto::file_descriptor connect_to(const std::string& path, bool nonblocking);

/// One request from connection to answer, waiting for the announcement first as clients since
/// Postfix 3.6 do. True when the answer is OK.
bool ask(const std::string& socket, std::string_view request);

/// An add request for the n-th ID.
std::string add_request(const std::string& site, std::string_view id);

/// A queue ID in the short form, of which the first five digits (in Postfix the microseconds) are
/// scattered, and with them the sub-directories.
std::string short_id(unsigned long n);

/// What flushd and stock flush say first, and what they answer when all is well.
extern const std::string announcement;
extern const std::string ok_reply;

/// Times of one kind of request.
class latencies {
public:
    void add(clock::duration time) {
        microseconds_.push_back(std::chrono::duration<float, std::micro>(time).count());
    }
    [[nodiscard]] std::size_t count() const { return microseconds_.size(); }
    /// `"p50_us": 1, ...`
    [[nodiscard]] std::string json();

private:
    std::vector<float> microseconds_;
};

[[noreturn]] void fail(const std::string& what);

} // namespace bench
