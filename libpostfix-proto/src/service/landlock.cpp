#include "service/landlock.hpp"

#include "postfix_proto/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace postfix_proto {

namespace {

// The headers of Debian 11 to 13 have different parts of linux/landlock.h, or none of it; the
// kernel's support is detected at run time. These system calls have the same numbers on all
// architectures.
constexpr long create_ruleset_call = 444;
constexpr long add_rule_call = 445;
constexpr long restrict_self_call = 446;

constexpr unsigned ask_for_version = 1;
constexpr int rule_path_beneath = 1;

namespace access {
constexpr std::uint64_t write_file = 1U << 1U;
constexpr std::uint64_t read_file = 1U << 2U;
constexpr std::uint64_t read_directory = 1U << 3U;
constexpr std::uint64_t remove_directory = 1U << 4U;
constexpr std::uint64_t remove_file = 1U << 5U;
constexpr std::uint64_t make_directory = 1U << 7U;
constexpr std::uint64_t make_file = 1U << 8U;
constexpr std::uint64_t make_socket = 1U << 9U;
constexpr std::uint64_t make_fifo = 1U << 10U;
constexpr std::uint64_t make_link = 1U << 12U;
constexpr std::uint64_t refer = 1U << 13U; // link and rename between directories
constexpr std::uint64_t truncate = 1U << 14U;

// To rename a file of any type counts as creating it. A file of another type in the place of a
// message is moved like a message, as in Postfix: the queue manager then reports it.
constexpr std::uint64_t of_a_queue = write_file | read_file | read_directory | remove_directory |
                                     remove_file | make_directory | make_file | make_socket |
                                     make_fifo | make_link | refer | truncate;
} // namespace access

struct ruleset_attributes {
    std::uint64_t files;   // access that is denied unless a rule grants it
    std::uint64_t network; // since version 4
    std::uint64_t scoped;  // since version 6
};

/// The kernel's struct is packed.
struct __attribute__((packed)) path_beneath_attributes {
    std::uint64_t allowed;
    std::int32_t parent;
};

constexpr long renames_version = 2;

/// All rights that a version of Landlock can restrict, but to connect by TCP if that is permitted.
ruleset_attributes everything(long version, bool may_connect) {
    // Access rights to files are the lowest bits: those up to creating symbolic links, then those
    // that versions 2, 3 and 5 have added.
    const unsigned bits = version >= 5 ? 16 : version >= 3 ? 15 : 14;
    constexpr std::uint64_t tcp_bind = 1, tcp_connect = 2;
    const std::uint64_t network = may_connect ? tcp_bind : tcp_bind | tcp_connect;
    constexpr std::uint64_t abstract_sockets_and_signals = 3;
    return {(std::uint64_t{1} << bits) - 1, version >= 4 ? network : 0,
            version >= 6 ? abstract_sockets_and_signals : 0};
}

bool allow(int ruleset, const std::string& directory, std::uint64_t allowed) {
    const file_descriptor parent(
        ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOCTTY));
    if (!parent)
        return false;
    const path_beneath_attributes rule{allowed, parent.get()};
    return ::syscall(add_rule_call, ruleset, rule_path_beneath, &rule, 0U) == 0;
}

} // namespace

bool restrict_to_directories(const std::vector<std::string>& directories, bool may_connect) {
    const long version = ::syscall(create_ruleset_call, nullptr, std::size_t{0}, ask_for_version);
    if (version < renames_version)
        return false;
    const auto attributes = everything(version, may_connect);
    // An older kernel accepts a longer struct if the members that it does not know are 0.
    const file_descriptor ruleset(
        static_cast<int>(::syscall(create_ruleset_call, &attributes, sizeof attributes, 0U)));
    if (!ruleset)
        return false;
    bool any = false;
    for (const auto& directory : directories)
        any = allow(ruleset.get(), directory, access::of_a_queue & attributes.files) || any;
    return any && ::syscall(restrict_self_call, ruleset.get(), 0U) == 0;
}

} // namespace postfix_proto
