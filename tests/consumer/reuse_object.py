"""A compiler launcher: takes an object from another build that has compiled the same source with
the same flags, and else runs the compiler.

    reuse_object.py BUILD COMPILER ARGUMENT ...

Warnings do not count as flags, nor where the headers are that CMake writes. BUILD must be up to date, with its compile_commands.json.
"""

import json
import os
import shlex
import shutil
import sys

WRITTEN_HEADERS = "libpostfix-proto/include", "build/include"


def flags_and_files(command):
    """What makes the object, in any order, and where it, its source and its dependencies are."""
    flags, files = [], {}
    words = iter(command)
    for word in words:
        if word in ("-o", "-c", "-MF", "-MT", "-MQ"):
            files[word] = next(words)
        elif not word.startswith(("-W", "-MD", "-fdiagnostics")) and not word.endswith(WRITTEN_HEADERS):
            flags.append(word)
    return sorted(flags), files


def find_object(build, command):
    flags, files = flags_and_files(command)
    if "-c" not in files or "-o" not in files:
        return None
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as database:
        for entry in json.load(database):
            if entry["file"] == files["-c"]:
                other_flags, other_files = flags_and_files(shlex.split(entry["command"]))
                if other_flags == flags:
                    return os.path.join(entry["directory"], other_files["-o"]), files
    return None


def main():
    build, command = sys.argv[1], sys.argv[2:]
    found = find_object(build, command)
    if found is None:
        os.execvp(command[0], command)
    existing, files = found
    shutil.copyfile(existing, files["-o"])
    if "-MF" in files:
        with open(files["-MF"], "w", encoding="utf-8") as dependencies:
            dependencies.write(f"{files['-o']}: {files['-c']}\n")


main()
