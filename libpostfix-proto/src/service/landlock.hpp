/// Restricts the process to a few directories, by Landlock. Private to the library.
#pragma once

#include <string>
#include <vector>

namespace postfix_proto {

/// Restricts this thread, and all threads and processes that it starts. They may open, create,
/// rename and remove files only below these directories, and may create only files and directories
/// there. They may not run a program, connect by TCP (unless `may_connect`) or to an abstract
/// socket, or send a signal to a process without the same restriction. Directories that do not
/// exist are ignored. Open files stay open. Landlock does not restrict stat(2), or connect(2) to a
/// socket with a path name.
///
/// Older kernels enforce a part of this. At least Linux 5.19 is needed, because before that no file
/// could be renamed into another directory. Returns false, and changes nothing, on an older kernel
/// or without Landlock. Requires no_new_privs.
bool restrict_to_directories(const std::vector<std::string>& directories, bool may_connect);

} // namespace postfix_proto
