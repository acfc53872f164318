/// Finds lines that occurred before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <variant>

namespace flushd {

/// Takes the next line off `rest`, without its newline; the last one may lack it. As in Postfix, a
/// NUL ends what counts of a line: a crash may have left some behind an ID.
[[nodiscard]] std::string_view take_line(std::string_view& rest);

/// The different lines of one text, exactly, in 8 to 16 bytes a line (twice that in a text
/// of 4 GiB and more). All of it is allocated at once and freed at once: a set with a node for each
/// of a million lines would hold up everything else while it grows and when it goes.
class line_set {
public:
    /// Empty. `text` must outlive the set.
    explicit line_set(std::string_view text);

    /// False when the line is there already. `line` must come from take_line() on the text, and be
    /// the text's own bytes.
    bool insert(std::string_view line);

    /// Whether the line has been inserted; it may be anybody's bytes.
    [[nodiscard]] bool contains(std::string_view line) const;

private:
    // Where a line starts in the text, plus one; 0 when free. As short as may be: what a line costs
    // is the memory that has to be fetched for it.
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

    // Where the line is, or the free slot where it would be.
    template <typename Slots>
    [[nodiscard]] std::size_t slot_of(const Slots& slots, std::string_view line) const;
    [[nodiscard]] bool is_at(std::size_t offset, std::string_view line) const;

    std::string_view text_;
    std::variant<short_slots, long_slots> slots_;
};

} // namespace flushd
