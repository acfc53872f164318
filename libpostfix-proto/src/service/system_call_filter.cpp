#include "service/system_call_filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace postfix_proto {

#if (defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__)

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t machine = AUDIT_ARCH_X86_64;
constexpr std::uint32_t x32_bit = 0x40000000;
#else
constexpr std::uint32_t machine = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t x32_bit = 0; // has none
#endif

// If the headers of this build lack a number, it is taken from linux/unistd.h. From 424 on, numbers
// are the same on both architectures.
constexpr long io_uring_setup_call = 425;
constexpr long io_uring_enter_call = 426;
constexpr long io_uring_register_call = 427;
constexpr long open_tree_call = 428;
constexpr long move_mount_call = 429;
constexpr long fsopen_call = 430;
constexpr long fsconfig_call = 431;
constexpr long fsmount_call = 432;
constexpr long fspick_call = 433;
constexpr long clone3_call = 435;
constexpr long pidfd_getfd_call = 438;
constexpr long mount_setattr_call = 442;
constexpr long open_tree_attr_call = 467;

constexpr std::array refused {
    // Other programs.
    static_cast<long>(SYS_execve), static_cast<long>(SYS_execveat),
        // Other processes.
        static_cast<long>(SYS_ptrace), static_cast<long>(SYS_process_vm_readv),
        static_cast<long>(SYS_process_vm_writev), static_cast<long>(SYS_kcmp), pidfd_getfd_call,
        static_cast<long>(SYS_userfaultfd), static_cast<long>(SYS_perf_event_open),
        // The process's view of the machine.
        static_cast<long>(SYS_chroot), static_cast<long>(SYS_pivot_root),
        static_cast<long>(SYS_mount), static_cast<long>(SYS_umount2), static_cast<long>(SYS_setns),
        static_cast<long>(SYS_unshare), open_tree_call, open_tree_attr_call, move_mount_call,
        fsopen_call, fsconfig_call, fsmount_call, fspick_call, mount_setattr_call,
        static_cast<long>(SYS_open_by_handle_at),
        // The kernel and the machine.
        static_cast<long>(SYS_init_module), static_cast<long>(SYS_finit_module),
        static_cast<long>(SYS_delete_module), static_cast<long>(SYS_kexec_load),
        static_cast<long>(SYS_bpf), static_cast<long>(SYS_add_key),
        static_cast<long>(SYS_request_key), static_cast<long>(SYS_keyctl),
        static_cast<long>(SYS_reboot), static_cast<long>(SYS_swapon),
        static_cast<long>(SYS_swapoff), static_cast<long>(SYS_acct),
        static_cast<long>(SYS_quotactl), static_cast<long>(SYS_syslog),
        static_cast<long>(SYS_settimeofday), static_cast<long>(SYS_clock_settime),
        static_cast<long>(SYS_adjtimex), static_cast<long>(SYS_clock_adjtime),
        static_cast<long>(SYS_sethostname), static_cast<long>(SYS_setdomainname),
        static_cast<long>(SYS_personality),
        // Calls that would circumvent this filter.
        io_uring_setup_call, io_uring_enter_call, io_uring_register_call,
#if defined(__x86_64__)
        static_cast<long>(SYS_iopl), static_cast<long>(SYS_ioperm),
        static_cast<long>(SYS_modify_ldt), static_cast<long>(SYS_kexec_file_load),
#endif
};

constexpr std::uint32_t new_namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;

/// A program in the kernel's packet filter language. A condition that is met returns; otherwise the
/// program continues with the next one.
class filter_program {
public:
    filter_program() {
        load(offsetof(seccomp_data, arch));
        statement(BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0);
        give(refuse);
        load(offsetof(seccomp_data, nr));
        if (x32_bit != 0) {
            statement(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1);
            give(refuse);
        }
    }

    void when_call(long number, std::uint32_t result) {
        statement(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
        give(result);
    }
    /// Refuses it unless its argument, an int, is one of these.
    void when_call_without(long number, unsigned argument,
                           const std::vector<std::uint32_t>& values) {
        const auto size = static_cast<std::uint8_t>(values.size());
        const auto after = static_cast<std::uint8_t>(size + 3);
        statement(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, after);
        load_argument(argument);
        for (std::uint8_t rest = size; rest > 0; --rest)
            statement(BPF_JMP | BPF_JEQ | BPF_K, values[size - rest], rest, 0);
        give(refuse);
        give(SECCOMP_RET_ALLOW);
    }
    /// Refuses it if its argument has one of the bits, all of which are in the lower half.
    void when_call_with_bits(long number, unsigned argument, std::uint32_t bits) {
        statement(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4);
        load_argument(argument);
        statement(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
        give(refuse);
        give(SECCOMP_RET_ALLOW);
    }
    void give(std::uint32_t result) { statement(BPF_RET | BPF_K, result, 0, 0); }

    [[nodiscard]] std::vector<sock_filter>& instructions() { return instructions_; }

private:
    void statement(unsigned code, std::uint32_t operand, std::uint8_t if_so, std::uint8_t if_not) {
        instructions_.push_back({static_cast<std::uint16_t>(code), if_so, if_not, operand});
    }
    void load(std::size_t offset) {
        statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset), 0, 0);
    }
    /// Both processors are little-endian: the lower half comes first.
    void load_argument(unsigned number) {
        load(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));
    }

    std::vector<sock_filter> instructions_;
};

filter_program make_program(bool may_use_network) {
    filter_program program;
    for (const long number : refused)
        program.when_call(number, refuse);
    program.when_call(clone3_call, SECCOMP_RET_ERRNO | ENOSYS);
    program.when_call_with_bits(SYS_clone, 0, new_namespaces);
    std::vector<std::uint32_t> families{AF_UNIX};
    program.when_call_without(SYS_socketpair, 0, families);
    if (may_use_network)
        families.insert(families.end(), {AF_INET, AF_INET6});
    program.when_call_without(SYS_socket, 0, families);
    for (const long number : {SYS_mmap, SYS_mprotect, SYS_pkey_mprotect})
        program.when_call_with_bits(number, 2, PROT_EXEC);
    program.give(SECCOMP_RET_ALLOW);
    return program;
}

} // namespace

bool refuse_needless_system_calls(bool may_use_network) {
    auto program = make_program(may_use_network);
    auto& instructions = program.instructions();
    const sock_fprog filter{static_cast<unsigned short>(instructions.size()), instructions.data()};
    // Without this flag, kernels before 5.16 slow down processes with a filter, to protect them
    // against untrusted code in the same process; this one runs none.
    for (const unsigned flags : {static_cast<unsigned>(SECCOMP_FILTER_FLAG_SPEC_ALLOW), 0U})
        if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0)
            return true;
    return false;
}

#else

bool refuse_needless_system_calls(bool) { return false; }

#endif

} // namespace postfix_proto
