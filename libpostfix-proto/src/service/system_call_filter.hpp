/// Restricts the system calls of daemons that serve files and local sockets, by seccomp. Private to
/// the library.
#pragma once

namespace postfix_proto {

/// From now on this thread, and what it starts, is refused with EPERM what no such daemon does:
/// to run a program, to make sockets other than UNIX-domain ones, to make memory executable, to
/// look into other processes, to change mounts and namespaces, the kernel's modules, keys, clocks
/// and limits, and to use io_uring, which no filter sees through. And all calls of another
/// processor's numbering. clone3(2) does not exist (ENOSYS), as its flags cannot be seen: the C
/// library then uses clone(2).
///
/// A list of what is refused, not of what is allowed: what the C libraries of the next releases
/// call for the same work is not known, and a daemon that they break would be turned off.
///
/// False where the kernel has no filters, or this processor's numbers are not known here; then
/// nothing has changed. Needs no_new_privs.
bool refuse_needless_system_calls();

} // namespace postfix_proto
