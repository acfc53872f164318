/// Tracks whether a service still has unfinished work.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace postfix_proto {

/// Counts what must be finished before the process may end: clients, moves, triggers that the
/// receiver has not taken yet.
class work_in_hand {
public:
    /// One piece of work, from its construction to its destruction. Movable, so that a coroutine or
    /// a handler can hold it. The counter must outlive it.
    class piece {
    public:
        /// Counts from here on.
        explicit piece(work_in_hand& owner) noexcept : owner_(&owner) { ++owner.count_; }
        /// Takes the piece over; `other` no longer counts.
        piece(piece&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        piece& operator=(piece&&) = delete;
        piece(const piece&) = delete;
        piece& operator=(const piece&) = delete;
        ~piece() {
            if (owner_ != nullptr && --owner_->count_ == 0 && owner_->on_idle_)
                owner_->on_idle_();
        }

    private:
        work_in_hand* owner_;
    };

    /// Counts one more, for as long as the result lives.
    [[nodiscard]] piece start() noexcept { return piece(*this); }
    /// Whether something is not finished.
    [[nodiscard]] bool any() const noexcept { return count_ > 0; }
    /// How many pieces there are.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// `action` is called each time when the last piece is done. It must not throw.
    void on_idle(std::function<void()> action) { on_idle_ = std::move(action); }

private:
    std::size_t count_ = 0;
    std::function<void()> on_idle_;
};

} // namespace postfix_proto
