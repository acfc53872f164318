/// Finds lines that occurred before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <variant>

namespace flushd {

/// Removes the next line from `rest`, and returns it without its newline, which the last line may
/// lack. As in Postfix, a NUL ends the line: a crash may have left NULs after an ID.
[[nodiscard]] std::string_view take_line(std::string_view& rest);

/// The set of the different lines of one text, in 8 to 16 bytes per line (twice that for a text of
/// 4 GiB and more). All memory is allocated at once and freed at once: a set with a node for each
/// of a million lines would delay everything else while it grows and when it is destroyed.
class line_set {
public:
    /// Empty. `text` must outlive the set.
    explicit line_set(std::string_view text);

    /// Returns false if the set has the line already. `line` must be the result of take_line() on
    /// the text, and refer to the text's own bytes.
    bool insert(std::string_view line);

    /// Whether the line has been inserted. It may refer to any bytes.
    [[nodiscard]] bool contains(std::string_view line) const;

private:
    // A slot is the offset of a line in the text, plus one; 0 if free. Slots are as short as
    // possible, because the cost of a line is the memory that must be fetched for it.
    template <typename Slot>
    class table {
    public:
        explicit table(std::size_t size);
        [[nodiscard]] std::size_t size() const noexcept { return size_; }
        Slot& operator[](std::size_t i) noexcept { return slots_.get()[i]; }
        const Slot& operator[](std::size_t i) const noexcept { return slots_.get()[i]; }

    private:
        struct release {
            void operator()(Slot* slots) const noexcept { std::free(slots); }
        };
        std::size_t size_;
        std::unique_ptr<Slot, release> slots_;
    };
    using short_slots = table<std::uint32_t>;
    using long_slots = table<std::size_t>;

    // The slot of the line, or the free slot where it belongs.
    template <typename Slots>
    [[nodiscard]] std::size_t slot_of(const Slots& slots, std::string_view line) const;
    [[nodiscard]] bool is_at(std::size_t offset, std::string_view line) const;

    std::string_view text_;
    std::variant<short_slots, long_slots> slots_;
};

} // namespace flushd
