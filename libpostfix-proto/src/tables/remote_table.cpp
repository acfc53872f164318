#include "postfix_proto/remote_table.hpp"

#include <fmt/format.h>

#include <utility>

namespace postfix_proto {

namespace {

class proxy_table final : public lookup_table {
public:
    proxy_table(std::string_view type, std::string_view name, std::string asked)
        : lookup_table(type, name, false), asked_(std::move(asked)) {}

    lookup_result find(std::string_view) override { return lookup_result::failed(cannot_ask_here); }
    lookup_result find_given(std::string_view key, remote_answers& answers) override {
        const remote_answer* const answer = answers.find({asked_, std::string(key)});
        if (answer == nullptr)
            return lookup_result::unanswered();
        keys_are_fixed_ = answer->keys_are_fixed;
        return answer->result;
    }
    bool asks_elsewhere() const override { return true; }
    bool keys_are_fixed() const noexcept override { return keys_are_fixed_; }

private:
    std::string asked_; // "type:name"
    bool keys_are_fixed_ = false;
};

} // namespace

const remote_answer* remote_answers::find(const remote_question& question) {
    const auto found = known_.find(question);
    if (found != known_.end())
        return &found->second;
    question_ = question;
    return nullptr;
}

void remote_answers::add(const remote_question& question, remote_answer answer) {
    known_.insert_or_assign(question, std::move(answer));
    question_.reset();
}

opened_table open_proxy_table(std::string_view type, std::string_view name, const open_options&,
                              logger&) {
    if (name.find(':') == std::string_view::npos)
        return unexpected(table_failure{
            fmt::format("bad syntax: \"{}:{}\"; need \"{}:type:name\"", type, name, type)});
    return std::make_unique<proxy_table>(type, name, std::string(name));
}

opened_table open_proxied_table(std::string_view type, std::string_view name, const open_options&,
                                logger&) {
    return std::make_unique<proxy_table>(type, name, fmt::format("{}:{}", type, name));
}

} // namespace postfix_proto
