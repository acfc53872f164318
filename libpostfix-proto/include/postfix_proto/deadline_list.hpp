/// Manages any number of deadlines of the same length with a single timer.
#pragma once

#include "postfix_proto/boost_version.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace postfix_proto {

/// Keeps deadlines in a linked list. All have the same length (ipc_timeout), so the first to be set
/// is the first to be due, and setting or clearing one changes only a few pointers. A timer per
/// client would cost more than serving the client.
///
/// The list must outlive its deadlines, and the io_context the list.
class deadline_list {
public:
    /// Why an action is called.
    enum class cause {
        passed,  ///< the deadline has passed
        gone,    ///< room is needed: an owner whose peer has gone gives up
        early,   ///< the same, and no peer has gone: an owner that can gives up
        closing, ///< no new work is accepted: an owner without work gives up
    };
    /// The action of a deadline. Unless the deadline has passed, it returns whether it gave
    /// something up.
    using action = std::function<bool(cause)>;

    /// One deadline, running from its construction or from the last restart(). When it passes, the
    /// action is called once. Destroying it clears it.
    class deadline {
    public:
        /// Starts the deadline. `act` must not throw.
        deadline(deadline_list& list, action act);
        ~deadline();
        deadline(const deadline&) = delete;
        deadline& operator=(const deadline&) = delete;

        /// Restarts the deadline with the whole length, even when it has passed.
        void restart();

    private:
        friend class deadline_list;
        deadline_list& list_;
        action action_;
        std::chrono::steady_clock::time_point due_;
        deadline* sooner_ = nullptr;
        deadline* later_ = nullptr;
        bool running_ = false;
    };

    /// Constructs an empty list; `length` is the length of all its deadlines.
    deadline_list(boost::asio::io_context& context, std::chrono::seconds length)
        : timer_(context), length_(length) {}

    /// Calls the actions, soonest deadline first, until one gives something up: first with `gone`,
    /// then with `early`. Returns false when none does.
    bool expire_one_early();

    /// Calls the actions of all running deadlines with `closing`; closing() is true from then on.
    void close();
    /// Whether close() has been called.
    [[nodiscard]] bool closing() const noexcept { return closing_; }

private:
    void insert(deadline& d);
    void remove(deadline& d);
    void wait();
    void expire();

    boost::asio::steady_timer timer_;
    std::chrono::seconds length_;
    deadline* soonest_ = nullptr; // the ends of the list of those that run
    deadline* latest_ = nullptr;
    bool waiting_ = false;
    bool closing_ = false;
};

} // namespace postfix_proto
