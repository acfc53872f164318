#include "postfix_proto/lookup_table.hpp"

#include "postfix_proto/errors.hpp"

#include <utility>

namespace postfix_proto {

namespace {

class unavailable_table final : public lookup_table {
public:
    unavailable_table(std::string_view type, std::string_view name, std::string reason,
                      std::vector<std::string> files, logger& log)
        : lookup_table(type, name, false), reason_(std::move(reason)), files_(std::move(files)),
          log_(log) {}

    lookup_result find(std::string_view) override {
        log_.warning("{}:{} is unavailable. {}", type(), name(), reason_);
        return lookup_result::failed(reason_);
    }
    std::vector<std::string> files() const override { return files_; }

private:
    std::string reason_;
    std::vector<std::string> files_;
    logger& log_;
};

} // namespace

std::unique_ptr<lookup_table> make_unavailable_table(std::string_view type, std::string_view name,
                                                     std::string reason,
                                                     std::vector<std::string> files,
                                                     const open_options& options, logger& log) {
    if (options.open_error_is_fatal)
        throw startup_error(reason);
    log.error("{}", reason);
    return std::make_unique<unavailable_table>(type, name, std::move(reason), std::move(files),
                                               log);
}

} // namespace postfix_proto
