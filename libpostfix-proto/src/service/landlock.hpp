/// Restricts the process to a few directories, by Landlock. Private to the library.
#pragma once

#include <string>
#include <vector>

namespace postfix_proto {

/// From now on this thread, and what it starts, may open, make, rename and remove files below
/// these directories only, makes there nothing but files and directories, runs no program, connects
/// to nothing by TCP and to no abstract socket, and signals nobody but those that are held to the
/// same. Directories that do not exist are left out. What is open stays open; stat(2), and
/// connect(2) to a socket with a name, are not what Landlock restricts.
///
/// Of these, what the running kernel knows: Linux 5.19 at least, as before that no file could be
/// renamed into another directory. False where that is not to be had, and then nothing has changed.
/// Needs no_new_privs.
bool restrict_to_directories(const std::vector<std::string>& directories);

} // namespace postfix_proto
