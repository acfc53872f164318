#include "tables/debug_table.hpp"

#include "tables/forwarding_table.hpp"

namespace postfix_proto {

namespace {

class debug_table final : public forwarding_table {
public:
    debug_table(std::string_view type, std::string_view name, std::unique_ptr<lookup_table> table,
                logger& log)
        : forwarding_table(type, name, std::move(table)), log_(log) {}

    lookup_result find(std::string_view key) override {
        return logged(forwarding_table::find(key), key);
    }
    lookup_result find_given(std::string_view key, remote_answers& answers) override {
        return logged(forwarding_table::find_given(key, answers), key);
    }

private:
    lookup_result logged(lookup_result result, std::string_view key) {
        const auto log_as = [&](std::string_view what) {
            log_.info("{} lookup: \"{}\" = \"{}\"", name(), key, what);
        };
        switch (result.outcome) {
        case lookup_result::status::found:
            log_as(result.text);
            break;
        case lookup_result::status::not_found:
            log_as("not_found");
            break;
        case lookup_result::status::failed:
            log_as("error");
            break;
        case lookup_result::status::unanswered: // it will be looked up once more
            break;
        }
        return result;
    }

    logger& log_;
};

} // namespace

opened_table open_debug_table(std::string_view type, std::string_view name,
                              const open_options& options, logger& log) {
    return std::make_unique<debug_table>(type, name, open_lookup_table(name, options, log), log);
}

} // namespace postfix_proto
