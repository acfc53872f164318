/// Forwards all lookups to another table. Private to the library.
#pragma once

#include "postfix_proto/lookup_table.hpp"

#include <memory>
#include <utility>

namespace postfix_proto {

/// Forwards to another table, but has its own type and name.
class forwarding_table : public lookup_table {
public:
    forwarding_table(std::string_view type, std::string_view name,
                     std::unique_ptr<lookup_table> table)
        : lookup_table(type, name, false), table_(std::move(table)) {}

    lookup_result find(std::string_view key) override { return table_->find(key); }
    lookup_result find_given(std::string_view key, remote_answers& answers) override {
        return table_->find_given(key, answers);
    }
    bool asks_elsewhere() const override { return table_->asks_elsewhere(); }
    bool keys_are_fixed() const noexcept override { return table_->keys_are_fixed(); }
    std::vector<std::string> files() const override { return table_->files(); }

private:
    std::unique_ptr<lookup_table> table_;
};

} // namespace postfix_proto
