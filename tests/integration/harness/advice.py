"""Does what flushd advises, to the letter."""

import os
import subprocess

from .expect import expect_equal, wait_until
from .tool import tool_path


def put_into_path():
    """So that "flushd ..." can be run as it is written."""
    if not os.path.lexists("/usr/local/sbin/flushd"):
        os.symlink(tool_path(), "/usr/local/sbin/flushd")


def advised_commands(text):
    """The lines of an answer that are to be copied: those that are indented."""
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def follow(commands, between=lambda: None):
    """Runs each command as a person does, and looks after each of them whether all is well."""
    put_into_path()
    for command in commands:
        done = subprocess.run(["bash", "-c", command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=100)
        print(f"$ {command}\n{done.stdout}", end="", flush=True)
        expect_equal("its exit status", done.returncode, 0)
        between()


def expect_mail_flows(postfix, sink, recipient, attempts=1):
    """A message is accepted, and delivered by the customer's server, which must be on."""
    for _ in range(attempts):
        queue_id = postfix.send_smtp(recipient)
        wait_until(f"{queue_id} for {recipient} is delivered", lambda: queue_id not in postfix.queue_ids(), timeout=30)
