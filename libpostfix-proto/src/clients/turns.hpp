/// Limits how many requests run at a time, and queues the others in order. Private to the library.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/service_connection.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <string>

namespace postfix_proto {

/// Lets so many requests in at a time; the others wait, and are let in in the order in which they
/// came. Must outlive its turns.
class turns {
    struct waiter;

public:
    /// `path` names the service in failures.
    turns(boost::asio::io_context& context, std::string path, std::size_t most_inside,
          std::size_t most_waiting);

    /// One request's: lets the next one in when it is destroyed, if it was in.
    class turn {
    public:
        explicit turn(turns& owner) : owner_(owner) {}
        ~turn() {
            if (is_inside_)
                owner_.leave();
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;

    private:
        friend class turns;
        turns& owner_;
        bool is_inside_ = false;
    };

    /// Nothing when it is in; else why not.
    [[nodiscard]] boost::asio::awaitable<service_connection::outcome>
    enter(turn& mine, std::chrono::steady_clock::time_point deadline);

    /// Turns away all that wait now: their client was closed.
    void send_away();

private:
    void leave();

    boost::asio::io_context& context_;
    std::string path_;
    std::size_t most_inside_;
    std::size_t most_waiting_;
    std::size_t inside_ = 0;
    std::list<waiter*> waiting_;
};

} // namespace postfix_proto
