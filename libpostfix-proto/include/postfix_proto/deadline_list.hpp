/// Manages any number of deadlines of the same length with a single timer.
#pragma once

#include "postfix_proto/boost_version.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace postfix_proto {

/// All deadlines have the same length (ipc_timeout), so the one that was set first is due first,
/// and setting or clearing one changes a few pointers. A timer for each client would cost more
/// than serving it.
///
/// The list must outlive its deadlines, and the io_context the list.
class deadline_list {
public:
    /// Why an action is called.
    enum class cause {
        passed,  ///< the deadline has passed
        gone,    ///< room is needed: whoever is not there any more may be given up
        early,   ///< the same, and none has gone: whoever can be given up may be
        closing, ///< nothing new is wanted: whoever has nothing in hand may be given up
    };
    /// What a deadline does. Unless it has passed: true if something was given up.
    using action = std::function<bool(cause)>;

    /// One deadline, running from its construction or from the last restart(). When it passes, the
    /// action is called once. Destroying it clears it.
    class deadline {
    public:
        /// Runs from now on. `act` must not throw.
        deadline(deadline_list& list, action act);
        ~deadline();
        deadline(const deadline&) = delete;
        deadline& operator=(const deadline&) = delete;

        /// Runs anew for the whole length, also when it has passed.
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

    /// Empty; `length` is that of all its deadlines.
    deadline_list(boost::asio::io_context& context, std::chrono::seconds length)
        : timer_(context), length_(length) {}

    /// Goes through the deadlines, the soonest first, until one gives something up before its time:
    /// once for those that have gone, and again for those that can be given up. False when none
    /// does.
    bool expire_one_early();

    /// Gives up all that have nothing in hand, and says so from then on.
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
