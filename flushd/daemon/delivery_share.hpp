/// Limits how much of the queue manager's room the sends take.
#pragma once

#include <cstddef>
#include <limits>
#include <list>

namespace flushd {

/// qmgr(8) has at most qmgr_message_active_limit messages in the active queue. While it is full,
/// new mail waits in the incoming queue, whatever its destination. So all sends together have at
/// most a share of that limit in the incoming and the active queue; what is to follow stays
/// deferred and listed meanwhile.
///
/// A send begins with a window of a thousand messages. The window doubles when half of what is in
/// it has left between two looks, so that a fast destination never waits; a slow one needs no more,
/// and one that is down gets no more.
///
/// Single-threaded.
class delivery_share {
public:
    /// 0 means no limit.
    struct limits {
        std::size_t messages = 0;
        std::size_t recipients = 0; ///< of these messages; qmgr_message_recipient_limit
    };

    explicit delivery_share(const limits& most) : most_(most) {}

    /// What one send has in delivery. Counts as long as it exists.
    class part {
    public:
        explicit part(delivery_share& owner);
        part(const part&) = delete;
        part& operator=(const part&) = delete;
        ~part();

        /// What qmgr(8) has of this send now.
        void update(std::size_t messages, std::size_t recipients);
        /// How many more messages may follow now.
        [[nodiscard]] std::size_t room() const;
        /// Nothing is to follow.
        void close();

    private:
        [[nodiscard]] std::size_t usual_room() const;

        delivery_share& owner_;
        std::size_t messages_ = 0, recipients_ = 0;
        std::size_t window_;
        bool is_open_ = true;
    };

    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

private:
    limits most_;
    std::size_t messages_ = 0, recipients_ = 0; // of all sends
    std::size_t open_ = 0;                      // sends of which more is to follow
};

} // namespace flushd
