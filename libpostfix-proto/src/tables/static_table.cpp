#include "tables/static_table.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

namespace postfix_proto {

namespace {

class static_table final : public lookup_table {
public:
    static_table(std::string_view type, std::string_view name, std::string_view value)
        : lookup_table(type, name, true), value_(value) {}

    lookup_result find(std::string_view) override { return lookup_result::found(value_); }

private:
    std::string value_;
};

class random_table final : public lookup_table {
public:
    random_table(std::string_view type, std::string_view name, std::vector<std::string> values)
        : lookup_table(type, name, false), values_(std::move(values)) {}

    lookup_result find(std::string_view) override {
        std::uniform_int_distribution<std::size_t> choice(0, values_.size() - 1);
        return lookup_result::found(values_[choice(random_)]);
    }

private:
    std::vector<std::string> values_;
    std::minstd_rand random_{std::random_device{}()};
};

class failing_table final : public lookup_table {
public:
    failing_table(std::string_view type, std::string_view name) : lookup_table(type, name, false) {}

    lookup_result find(std::string_view) override {
        return lookup_result::failed("this table always fails");
    }
};

} // namespace

opened_table open_static_table(std::string_view type, std::string_view name, const open_options&,
                               logger&) {
    std::string_view value = name;
    if (name.starts_with('{')) {
        const auto braced = strip_braces(name);
        if (!braced)
            return unexpected(
                table_failure{fmt::format("bad {}:name syntax: {}", type, braced.error())});
        value = *braced;
    }
    return std::make_unique<static_table>(type, name, value);
}

opened_table open_random_table(std::string_view type, std::string_view name, const open_options&,
                               logger&) {
    std::vector<std::string> values;
    const std::size_t length = braced_length(name);
    if (length != 0 && length == name.size()) {
        std::string_view list = name.substr(1, length - 2);
        while (const auto value = next_item(list))
            values.emplace_back(*value);
    }
    if (values.empty())
        return unexpected(table_failure{
            fmt::format("bad syntax: \"{}:{}\"; need \"{}:{{value...}}\"", type, name, type)});
    return std::make_unique<random_table>(type, name, std::move(values));
}

opened_table open_failing_table(std::string_view type, std::string_view name, const open_options&,
                                logger&) {
    return std::make_unique<failing_table>(type, name);
}

} // namespace postfix_proto
