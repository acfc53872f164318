#include "tables/environment_table.hpp"

#include <unistd.h>

#include <cstdlib>

namespace postfix_proto {

namespace {

/// secure_getenv(3), which not every C library has.
const char* safe_getenv(const std::string& name) {
    const bool is_privileged = ::getuid() != ::geteuid() || ::getgid() != ::getegid();
    return is_privileged ? nullptr : std::getenv(name.c_str());
}

class environment_table final : public lookup_table {
public:
    environment_table(std::string_view type, std::string_view name)
        : lookup_table(type, name, true) {}

    lookup_result find(std::string_view key) override {
        const char* const value = safe_getenv(std::string(key));
        return value == nullptr ? lookup_result::not_found() : lookup_result::found(value);
    }
};

} // namespace

opened_table open_environment_table(std::string_view type, std::string_view name,
                                    const open_options&, logger&) {
    return std::make_unique<environment_table>(type, name);
}

} // namespace postfix_proto
