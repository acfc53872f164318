/// Restricts the system calls of daemons that serve files and local sockets, by seccomp. Private to
/// the library.
#pragma once

namespace postfix_proto {

/// Makes the kernel refuse, with EPERM, system calls that no such daemon needs, to this thread and
/// to all threads and processes that it starts: to run a program, to create sockets other than
/// UNIX-domain ones (and IPv4 and IPv6 ones if `may_use_network`), to make memory executable, to
/// inspect other processes, to change mounts and namespaces, kernel modules, keys, clocks and
/// limits, and to use io_uring, whose operations a filter cannot see. Refuses all calls in the
/// numbering of another architecture. clone3(2) fails with ENOSYS, because its flags cannot be
/// inspected; the C library then uses clone(2).
///
/// This is a list of refused calls, not of permitted ones: the calls that a future C library makes
/// are not known, and a daemon that such a library breaks would be switched off.
///
/// Returns false, and changes nothing, if the kernel has no filters, or if the system call numbers
/// of this architecture are not known here. Requires no_new_privs.
bool refuse_needless_system_calls(bool may_use_network);

} // namespace postfix_proto
