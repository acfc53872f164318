#include "postfix_proto/static_table.hpp"

#include "postfix_proto/brace_syntax.hpp"

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

} // namespace

opened_table open_static_table(std::string_view type, std::string_view name, const open_options&,
                               logger&) {
    std::string_view value = name;
    if (name.starts_with('{')) {
        const braced_text braced = strip_braces(name);
        if (!braced.error.empty())
            return {nullptr, fmt::format("bad {}:name syntax: {}", type, braced.error), {}};
        value = braced.text;
    }
    return {std::make_unique<static_table>(type, name, value), "", {}};
}

} // namespace postfix_proto
