#include "tables/composed_table.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/remote_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postfix_proto {

namespace {

using member_list = std::vector<std::unique_ptr<lookup_table>>;

class composed_table : public lookup_table {
public:
    composed_table(std::string_view type, std::string_view name, member_list members)
        : lookup_table(type, name, false), members_(std::move(members)) {}

    lookup_result find(std::string_view key) final {
        remote_answers none;
        lookup_result result = find_given(key, none);
        return result.outcome == lookup_result::status::unanswered
                   ? lookup_result::failed(cannot_ask_here)
                   : result;
    }
    bool asks_elsewhere() const final {
        return std::any_of(members_.begin(), members_.end(),
                           [](const auto& member) { return member->asks_elsewhere(); });
    }
    bool keys_are_fixed() const noexcept final { return members_.front()->keys_are_fixed(); }
    std::vector<std::string> files() const final {
        std::vector<std::string> all;
        for (const auto& member : members_)
            for (std::string& file : member->files())
                all.push_back(std::move(file));
        return all;
    }

protected:
    [[nodiscard]] const member_list& members() const { return members_; }

private:
    member_list members_;
};

class union_table final : public composed_table {
public:
    using composed_table::composed_table;

    lookup_result find_given(std::string_view key, remote_answers& answers) override {
        std::string all;
        for (const auto& member : members()) {
            lookup_result result = member->find_given(key, answers);
            if (result.outcome == lookup_result::status::not_found)
                continue;
            if (result.outcome != lookup_result::status::found)
                return result;
            all.append(all.empty() ? "" : ",").append(result.text);
        }
        return all.empty() ? lookup_result::not_found() : lookup_result::found(std::move(all));
    }
};

class pipe_table final : public composed_table {
public:
    using composed_table::composed_table;

    lookup_result find_given(std::string_view key, remote_answers& answers) override {
        lookup_result result = lookup_result::found(std::string(key));
        for (const auto& member : members()) {
            result = member->find_given(std::string(result.text), answers);
            if (result.outcome != lookup_result::status::found)
                break;
        }
        return result;
    }
};

template <typename Table>
opened_table open_composed_table(std::string_view type, std::string_view name,
                                 const open_options& options, logger& log) {
    std::vector<std::string_view> names;
    const std::size_t length = braced_length(name);
    if (length != 0 && length == name.size()) {
        std::string_view list = name.substr(1, length - 2);
        while (const auto item = next_item(list))
            names.push_back(*item);
    }
    if (names.empty() || std::any_of(names.begin(), names.end(), [](std::string_view item) {
            return item.find(':') == std::string_view::npos;
        }))
        return unexpected(table_failure{
            fmt::format("bad syntax: \"{}:{}\"; need \"{}:{{type:name...}}\"", type, name, type)});
    member_list members;
    for (const std::string_view item : names)
        members.push_back(open_lookup_table(item, options, log));
    return std::make_unique<Table>(type, name, std::move(members));
}

} // namespace

opened_table open_union_table(std::string_view type, std::string_view name,
                              const open_options& options, logger& log) {
    return open_composed_table<union_table>(type, name, options, log);
}

opened_table open_pipe_table(std::string_view type, std::string_view name,
                             const open_options& options, logger& log) {
    return open_composed_table<pipe_table>(type, name, options, log);
}

} // namespace postfix_proto
