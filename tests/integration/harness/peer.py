"""Other containers in the network namespace of a scenario that says PEERS = N: each runs the same script, as peer 1 to N."""

import os
import subprocess
import time
from pathlib import Path

from .expect import wait_until

DIRECTORY = Path("/peers") # all of them have it


def number():
    """0 in the scenario itself."""
    return int(os.environ.get("FLUSHD_PEER", "0"))


def serve():
    """Runs what the scenario says, until the container is removed."""
    mine = f"{number()}-"
    print("ready", flush=True)
    (DIRECTORY / f"{mine}ready").touch()
    while True:
        for request in sorted(DIRECTORY.glob(f"{mine}*.request")):
            done = subprocess.run(["bash", "-c", request.read_text()], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            request.unlink()
            answer = request.with_suffix(".writing")
            answer.write_text(done.stdout)
            answer.rename(request.with_suffix(".answer"))
        time.sleep(0.1)


class Peer:
    def __init__(self, its_number):
        self.number = its_number
        self.requests = 0
        wait_until(f"peer {its_number} is ready", (DIRECTORY / f"{its_number}-ready").exists, timeout=60)

    def run(self, command):
        """A command line's output."""
        self.requests += 1
        name = f"{self.number}-{self.requests}"
        answer = DIRECTORY / f"{name}.answer"
        (DIRECTORY / f"{name}.writing").write_text(command)
        (DIRECTORY / f"{name}.writing").rename(DIRECTORY / f"{name}.request")
        wait_until(f"peer {self.number} has done: {command}", answer.exists, timeout=60)
        return answer.read_text()
