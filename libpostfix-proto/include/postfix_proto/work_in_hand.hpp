/// Tracks whether a service still has unfinished work.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace postfix_proto {

/// Counts the work that must be finished before the process may end: clients, moves, and triggers
/// that the receiver has not read yet.
class work_in_hand {
public:
    /// One piece of work, from its construction to its destruction. Movable, so that a coroutine or
    /// a handler can hold it. The counter must outlive it.
    class piece {
    public:
        /// Adds one to the count.
        explicit piece(work_in_hand& owner) noexcept : owner_(&owner) { ++owner.count_; }
        /// Takes over the piece; `other` no longer counts.
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

    /// Begins a piece of work, which lasts as long as the result.
    [[nodiscard]] piece start() noexcept { return piece(*this); }
    /// Whether any work is unfinished.
    [[nodiscard]] bool any() const noexcept { return count_ > 0; }
    /// The number of unfinished pieces.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// Sets the action to call whenever the last piece is done. It must not throw.
    void on_idle(std::function<void()> action) { on_idle_ = std::move(action); }

private:
    std::size_t count_ = 0;
    std::function<void()> on_idle_;
};

} // namespace postfix_proto
