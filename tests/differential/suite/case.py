"""What a case consists of."""

from dataclasses import dataclass, field

# What Debian's and Postfix's master.cf lines for flush come to.
USUAL_OPTIONS = ("-z", "-t", "unix", "-u", "-c")


@dataclass
class Case:
    """One situation. Spool functions get a Spool, steps a Bench."""

    name: str
    steps: list
    spool: list = field(default_factory=list)
    main_cf: dict = field(default_factory=dict)
    options: tuple = USUAL_OPTIONS
    environment: dict = field(default_factory=dict)
    qmgr: str = "socket"
    sockets: int = 1
    stdin: bytes = None           # run with -S, and this to read
    deviations: tuple = ()        # identifiers in deviations.py
    observe: tuple = ()           # "status", "warnings", "stderr": compared only where asked for
    file_size_limit: int = None   # no file of the daemon can grow beyond it
    since: tuple = (0,)           # of Postfix
    before: tuple = (99,)         # likewise
    patience: float = 20.0        # seconds, for what should come
    probe: bool = True            # ask at the end whether it still serves
