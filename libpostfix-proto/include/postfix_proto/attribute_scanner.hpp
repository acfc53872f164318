/// Extracts the wanted attributes from an attribute list, as typed values.
#pragma once

#include "postfix_proto/attribute_decoder.hpp"
#include "postfix_proto/reply_decoder.hpp"
#include "postfix_proto/wanted_attribute.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postfix_proto {

/// How strictly a list is judged, like the flags of attr_scan().
struct scan_flags {
    bool missing = false; ///< the list must not end before the last wanted attribute
    bool extra = false;   ///< there must be no others in between; else they are passed over
    bool more = false;    ///< done with the last wanted attribute, not with the end of the list
};
/// Missing and extra attributes are errors (ATTR_FLAG_STRICT).
inline constexpr scan_flags scan_strictly{.missing = true, .extra = true};

/// Reads one list with the rules of attr_scan() (util/attr_scan0.c, Postfix 3.7, and its like for
/// the other forms; the same from 3.5 to 3.10). Attributes must come in the order in which they are
/// wanted.
///
///     std::int32_t status = 0;
///     std::string value;
///     attribute_scanner reply({{"status", status}, {"value", value}}, scan_strictly);
///     while (reply.feed(decoder, input) == attribute_scanner::progress::need_more) ...
///
/// With `more`, another scanner continues in the same list, with the same decoder and the rest of
/// the input. Use this for attributes that a function has written (RECV_ATTR_FUNC), and for a list
/// whose first attribute determines the others.
class attribute_scanner {
public:
    /// The result of feed().
    enum class progress {
        need_more, ///< the input is used up
        complete,  ///< all wanted attributes are there; unless `missing` is set, or so many as
                   ///< count() says
        malformed, ///< of no further use; see reason()
    };

    /// Prepares to read one list. The targets must outlive the scanner.
    explicit attribute_scanner(std::vector<wanted_attribute> wanted, scan_flags flags = {})
        : wanted_(std::move(wanted)), flags_(flags) {}

    /// Consumes bytes from the front of `input` through the decoder, which knows the form. After
    /// any result except need_more, use another scanner or restart().
    progress feed(attribute_decoder& from, std::string_view& input) { return scan(from, input); }
    /// The same through a client's decoder, which removes the announcement.
    progress feed(reply_decoder& from, std::string_view& input) { return scan(from, input); }

    /// The number of stored values. Each entry of a map counts as one, even if its name was already
    /// in the map.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// Says what is wrong with the list, for a person. Also set when `complete`, if `extra` forbids
    /// an attribute that follows the wanted ones. Postfix acts on such a list but cannot read any
    /// further; the same applies here.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

    /// Prepares to read another list into the same targets.
    void restart();

private:
    template <typename Decoder>
    progress scan(Decoder& from, std::string_view& input);
    template <typename Decoder>
    progress take_name(Decoder& from, const attribute_decoder::name& name);
    progress take_value(std::string_view text, attribute_form form);
    progress store(const wanted_attribute& wanted, std::string_view text, attribute_form form);
    progress add_entry(wanted_attribute::map& entries, std::string_view text);
    template <typename Integer>
    progress store_number(const wanted_attribute& wanted, Integer& target, std::string_view text);
    progress take_end();
    progress fail(std::string reason);

    [[nodiscard]] const wanted_attribute* next_wanted() const;

    std::vector<wanted_attribute> wanted_;
    scan_flags flags_;
    std::size_t position_ = 0; // in wanted_
    bool is_nested_ = false;   // between the braces of the map at position_
    std::string entry_name_;   // in the map whose value comes next
    std::size_t count_ = 0;
    std::string reason_;
};

/// The next element of a list that was read with `more`.
enum class list_continuation { need_more, attribute, end };

/// Peeks at the next element, and consumes it if it is the end of the list (attr_scan_more()).
[[nodiscard]] list_continuation look_for_end(attribute_form form, std::string_view& input);

} // namespace postfix_proto
