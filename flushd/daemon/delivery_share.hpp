/// Limits how much of the queue manager's room the sends take.
#pragma once

#include <cstddef>
#include <limits>

namespace flushd {

/// qmgr(8) has at most qmgr_message_active_limit messages in the active queue. While it is full,
/// new mail waits in the incoming queue, whatever its destination. So all sends together have at
/// most a share of that limit in the incoming and the active queue; what is to follow stays
/// deferred and listed meanwhile.
///
/// A send of a thousand messages or fewer goes at once, if the share has room. A larger one begins
/// with a window of a hundred, which grows by each message that gets through. So a fast destination
/// hardly ever waits; a slow one needs no more, and one that is down gets no more. (What the queue
/// manager holds for a destination that is down, other mail waits behind.)
///
/// New mail also waits behind what the queue manager has still to read in the incoming queue, some
/// hundred to two thousand messages a second. So a large send has no more than a few hundred there.
/// It moves many at a time, as qmgr(8) has to be told each time.
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
        /// `messages` are listed, or more.
        part(delivery_share& owner, std::size_t messages);
        part(const part&) = delete;
        part& operator=(const part&) = delete;
        ~part();

        /// What qmgr(8) has of this send now, and how many of these messages it has still to read.
        void update(std::size_t messages, std::size_t recipients, std::size_t unread = 0);
        /// So many messages have got through since the last call.
        void succeeded(std::size_t messages);
        /// How many more messages may follow now.
        [[nodiscard]] std::size_t room() const;
        /// Whether none may follow because qmgr(8) has still to read too many.
        [[nodiscard]] bool waits_for_reading() const {
            return is_open_ && owner_.most_.messages > 0 && room_in_incoming() == 0;
        }
        /// Nothing is to follow.
        void close();
        [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    private:
        [[nodiscard]] std::size_t usual_room() const;
        [[nodiscard]] std::size_t room_in_incoming() const;

        delivery_share& owner_;
        std::size_t messages_ = 0, recipients_ = 0, unread_ = 0;
        bool is_large_;
        std::size_t window_;
        bool is_open_ = true;
    };

    /// A send of no more messages does not wait for the first of them.
    static constexpr std::size_t small_send = 1000;

    /// The most that large sends leave for qmgr(8) to read. More follows when half of it is read.
    static constexpr std::size_t most_unread = 400;

    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

private:
    limits most_;
    std::size_t messages_ = 0, recipients_ = 0, unread_ = 0; // of all sends
    std::size_t open_ = 0;                                   // sends of which more is to follow
};

} // namespace flushd
