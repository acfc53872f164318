/// Holds the value that a function was asked for, or the error that it met.
#pragma once

#include <concepts>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

namespace postfix_proto {

/// Wraps an error that a function returns in place of its value: `return unexpected(error)`.
template <typename E>
class unexpected {
public:
    /// Takes the error.
    explicit unexpected(E error) : error_(std::move(error)) {}
    /// The error.
    [[nodiscard]] const E& error() const& noexcept { return error_; }
    /// Likewise, to be moved from.
    [[nodiscard]] E&& error() && noexcept { return std::move(error_); }

private:
    E error_;
};

/// A value or an error: the part of C++23's std::expected that this project needs. Access to the
/// one that is not there throws std::bad_variant_access; it is a defect of the caller.
template <typename T, typename E = std::error_code>
class [[nodiscard]] result {
public:
    /// Has a value.
    template <typename U = T>
    requires std::convertible_to<U, T> result(U&& value)
        : content_(std::in_place_index<0>, std::forward<U>(value)) {}
    /// Has an error.
    template <typename G>
    requires std::constructible_from<E, G> result(unexpected<G> why)
        : content_(std::in_place_index<1>, std::move(why).error()) {}

    /// Whether there is a value.
    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    /// Likewise.
    explicit operator bool() const noexcept { return has_value(); }

    /// The value.
    [[nodiscard]] T& operator*() & { return std::get<0>(content_); }
    /// The value.
    [[nodiscard]] const T& operator*() const& { return std::get<0>(content_); }
    /// The value, to be moved from.
    [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(content_)); }
    /// A member of the value.
    T* operator->() { return &std::get<0>(content_); }
    /// A member of the value.
    const T* operator->() const { return &std::get<0>(content_); }

    /// The error.
    [[nodiscard]] const E& error() const& { return std::get<1>(content_); }
    /// The error, to be moved from.
    [[nodiscard]] E&& error() && { return std::get<1>(std::move(content_)); }

private:
    std::variant<T, E> content_;
};

/// Success, or an error.
template <typename E>
class [[nodiscard]] result<void, E> {
public:
    /// Success.
    result() = default;
    /// Has an error.
    template <typename G>
    requires std::constructible_from<E, G> result(unexpected<G> why)
        : error_(std::in_place, std::move(why).error()) {}

    /// Whether there is no error.
    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    /// Likewise.
    explicit operator bool() const noexcept { return has_value(); }
    /// The error; std::bad_optional_access when there is none.
    [[nodiscard]] const E& error() const& { return error_.value(); }
    /// The error, to be moved from.
    [[nodiscard]] E&& error() && { return std::move(error_).value(); }

private:
    std::optional<E> error_;
};

} // namespace postfix_proto
