"""master.cf and main.cf where they cannot be changed: mounted by themselves, as `docker -v` does
with a file, writable or not, and in a directory that is read-only, as with a ConfigMap. Found
before anything is touched, and said with the line that is needed; --dry-run says it, too.
"""

import shutil
import sys

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, expect_match
from harness.postfix import CONFIG_DIRECTORY, run_command
from harness.tool import flushd, tool_path

# To mount in here what would be mounted from outside.
CONTAINER_OPTIONS = ["--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined"]

if not IS_FLUSHD:
    print("stock Postfix has no such command")
    sys.exit(0)

MAIN_CF, MASTER_CF = CONFIG_DIRECTORY / "main.cf", CONFIG_DIRECTORY / "master.cf"
SOURCE = "/srv/mounted"

postfix, sink = customer_postfix(start=False)
postfix.configure(relay_domains="customer.tld")
postfix.use_flush("flush")
postfix.start()


def mount(target, read_only):
    run_command("cp", "-a", str(target), SOURCE, check=True)
    run_command("mount", "--bind", SOURCE, str(target), check=True)
    if read_only:
        run_command("mount", "-o", "remount,ro,bind", str(target), check=True)


def unmount(target):
    """Lazily: a process of Postfix that starts just now may have a file open in there."""
    run_command("umount", "--lazy", str(target), check=True)
    run_command("rm", "-r", SOURCE, check=True)


def state():
    """Everything in the directory, but not the access times."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
            for path in sorted(CONFIG_DIRECTORY.iterdir()) if path.is_file()}


def expect_refused(pattern, *arguments, command="install"):
    """Returns what it says below the reason."""
    before, mark = state(), postfix.log.mark()
    answers = []
    for options in (arguments, arguments + ("--dry-run",)):
        result = flushd(command, *options)
        print(f"$ flushd {command} {' '.join(options)}\n{result.output}[exit {result.status}]", flush=True)
        expect_equal("exit status", result.status, 73)
        expect_match("why", result.output, pattern)
        answers.append(result.output)
    expect_equal("the dry run says the same", answers[1], answers[0])
    expect(state() == before, "nothing was touched, and nothing is left behind")
    expect(not postfix.log.search(r"postfix/master\[\d+\]: reload", since=mark), "Postfix was not reloaded")
    expect_equal("flush answers", ask_flush("add", site="customer.tld", queue_id="AB1"), OK)
    return answers[0].splitlines()[1:]


for read_only in (False, True):
    mount(MASTER_CF, read_only)
    lines = expect_refused(rf"\Aflushd: {MASTER_CF} is a mount point of its own, so it can only be changed at its source: "
                           r"nothing has been changed\. Put this line into the source of ")
    if not read_only:
        # The line, put into the source by the letter.
        with open(SOURCE, "r+", encoding="ascii") as source:
            text = source.read()
            old = next(line for line in text.splitlines(True) if line.startswith("flush "))
            source.seek(0)
            source.write(text.replace(old, "\n".join(lines) + "\n"))
            source.truncate()
        postfix.reload()
        result = flushd("install")
        expect_match("then there is nothing to do", result.output, r"\Anothing to do: ")
        expect_equal("flushd answers", ask_flush("add", site="customer.tld", queue_id="AB2"), OK)
        expect(postfix.processes(("flushd",)), "flushd serves")
        result = flushd("uninstall", "--dry-run")
        expect_match("uninstall", result.output, r"\Aflushd: .* is a mount point of its own(.|\n)*\nflush +unix .* flush\n\Z")
    unmount(MASTER_CF)
    postfix.reload()

mount(CONFIG_DIRECTORY, read_only=True)
expect_refused(rf"\Aflushd: {CONFIG_DIRECTORY} is read-only here: nothing has been changed\.(.|\n)*\nflush +unix .* flushd\n\Z")
unmount(CONFIG_DIRECTORY)

# main.cf, where that has to be changed, too.
postfix.configure(relay_domains="customer.tld, unix:group.byname")
postfix.reload()
mount(MAIN_CF, read_only=False)
lines = expect_refused(rf"\Aflushd: {MAIN_CF} is a mount point of its own", "--proxy")
expect_match("the first line", lines[0], r"^proxy_read_maps = .* proxy:unix:group.byname$")
expect_equal("nothing else", lines[1:], [])
unmount(MAIN_CF)

# What cannot be seen beforehand: it fails, and says that nothing has changed.
postfix.configure(relay_domains="customer.tld")
postfix.reload()
before = state()
postconf = run_command("sh", "-c", "command -v postconf", check=True).output.strip()
tool_path() # found by postconf, as long as that does all it is told
shutil.move(postconf, f"{postconf}.real")
with open(postconf, "w", encoding="ascii") as script:
    script.write(f"""#!/bin/bash
case " $* " in *" -F "*/command=*) echo "postconf: fatal: close master.cf.tmp: Operation not permitted" >&2; exit 1 ;; esac
exec -a postconf {postconf}.real "$@"
""")
run_command("chmod", "755", postconf, check=True)
result = flushd("install")
print(result.output)
expect_equal("exit status", result.status, 69)
expect_match("what it says", result.output, r"(?m)^flushd: postconf failed: .*Operation not permitted; nothing has been changed$")
expect(state() == before, "nothing is left behind")
