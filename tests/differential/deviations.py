"""Where flushd differs from stock flush(8) on purpose. tests/differential/run --print-deviations
makes the table of flushd/doc/differences.md of this.

A case names the entries that it shows. What differs in it must be what the entries' rules state,
and at least one required rule of each entry must hold: an entry that is not shown any more fails
the suite as well as a difference that no entry states.
"""

from dataclasses import dataclass, field
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parent.parent / "integration/scenarios"


@dataclass
class Rule:
    label: str              # regular expression for what differs
    stock: object           # the value, or a function that tells whether it is right
    flushd: object
    required: bool = True


@dataclass
class Deviation:
    id: str
    stock: str
    flushd: str
    why: str
    rules: list = field(default_factory=list)
    since: tuple = (0,)     # of Postfix; older ones do not differ
    scenario: str = None    # of tests/integration, where it takes more than a stand-in for master(8) to show it


def is_one_of(*values):
    return lambda value: value in values


def includes(word):
    """Of a list such as the severities, or of a text."""
    return lambda value: word in value


def anything(_value):
    return True


# What is left of a spool when one of the two went on and the other did not.
SPOOL = Rule("(flush|deferred|incoming|active)(/.*)?", anything, anything, False)
TRIGGERS = Rule("triggers", anything, anything, False)
REPLIES = Rule(".*: (reply|connection|announcement)", anything, anything, False)
# Stock ended, flushd went on.
GOES_ON = [Rule("log", includes("fatal"), lambda value: "fatal" not in value), Rule("exit", "exit 1", "exit 0", False),
           Rule("still serving", False, True, False)]


ALL = [
    Deviation(
        "unknown-request",
        "Closes the connection without a word when it does not know the request.",
        "The same, and logs a warning.",
        "Somebody has a client of another version, or of something else, and will wonder.",
        [Rule("log", [], ["warning"])]),
    Deviation(
        "bad-id-warning",
        "Answers BAD to a queue ID that is none, without a word in the log.",
        "The same, and logs a warning.",
        "Every other malformed request is logged, by both.",
        [Rule("log", [], ["warning"])]),
    Deviation(
        "garbled-answer",
        "Answers a client that finishes without a word with a status that lacks its name.",
        "Answers BAD.",
        "Nobody reads either.",
        [Rule("answer: reply", "b'3\\x00\\x00'", "BAD")],
        since=(3, 6)),
    Deviation(
        "string-limit",
        "Reads strings of any length into memory.",
        "Answers BAD, with a warning, when a string in a request is longer than 8192 bytes.",
        "Any local client could make the process grow without end. No domain and no queue ID is longer than 255.",
        [Rule("answer: reply", anything, is_one_of("BAD", "b''")), Rule("log", [], ["warning"], False)]),
    Deviation(
        "address-literals",
        "Denies [address] sites that the list names, since Postfix 3.0.",
        "Serves them.",
        "Postfix 20010610 made them work on purpose; conversion to IDNA undid that unnoticed.",
        [Rule("(add|second add|send): reply", "DENY", "OK"), Rule("log", ["warning"], [], False),
         Rule("flush/.*", "(nothing)", anything, False), Rule("(incoming|deferred)/.*", anything, anything, False),
         Rule("triggers", [], ["F\\0", "I\\0"], False)]),
    Deviation(
        "nothing-listed",
        "Makes the queue manager forget dead destinations also for a site that has no mail listed.",
        "Leaves the queue manager alone when nothing is listed.",
        "Each ETRN of a customer without mail would unthrottle the whole mail system.",
        [Rule("triggers", anything, anything)]),
    Deviation(
        "last-line",
        "Appends to a last line that was cut short, and so loses both IDs.",
        "Ends the line first.",
        "After a crash or on a full disk no other message is to be lost.",
        [Rule("flush/.*", anything, anything)]),
    Deviation(
        "compaction",
        "Lets a logfile grow with each attempt to deliver its messages.",
        "Rewrites a logfile beyond 64 KiB with each ID once, when it has doubled.",
        "Where nobody asks for the mail of a site, its logfile would grow for as long as the site is away.",
        [Rule("flush/.*", lambda text: len(text) > 1_000_000, lambda text: len(text) < 200)]),
    Deviation(
        "not-fatal",
        "Ends when a logfile cannot be opened or locked. The client gets no answer, and master waits a minute.",
        "Warns, answers FAIL and goes on serving.",
        "One bad file must not stop the service for all other sites.",
        [*GOES_ON, Rule(".*: reply", is_one_of("b''", "nobody serves"), is_one_of("FAIL", "OK"), False),
         SPOOL, TRIGGERS, REPLIES]),
    Deviation(
        "unusable-entry",
        "Ends at an item of fast_flush_domains that cannot be: `static:`, `:table`, a directory for a file.",
        "Warns, answers FAIL to the sites that reach it, and goes on serving.",
        "It is what both do with a table that is missing.",
        [*GOES_ON, REPLIES, SPOOL]),
    Deviation(
        "package-hint",
        "Before it ends because of an unknown table type, warns that a package may be missing, since Postfix 3.8.",
        "Says what is wrong in the fatal line only.",
        "The line names the types that it knows.",
        [Rule("log", ["warning", "fatal"], ["fatal"])],
        since=(3, 8)),
    Deviation(
        "hash-deprecated",
        "Warns that hash and btree are deprecated when it opens one (Debian's 3.11).",
        "Opens it without a word.",
        "It starts with each change of a table, and what else uses the table says so.",
        [Rule("log", includes("warning"), lambda value: "warning" not in value)],
        since=(3, 11)),
    Deviation(
        "plain-networked-tables",
        "Asks ldap, mysql, pgsql and sqlite tables itself, where the package for them is installed.",
        "Has proxymap(8) ask them, and answers FAIL to the sites that reach the table where it may not.",
        "See the types of tables above.",
        scenario="database_tables"),
    Deviation(
        "proxymap-ends",
        "Asks without end when proxymap(8) ends at each question: an SQLite query that is wrong, and before 3.10 a missing file.",
        "Answers FAIL after ipc_timeout, or 100 s if that is less, and serves other sites meanwhile.",
        "One table must not stop the service.",
        scenario="database_tables"),
    Deviation(
        "lock-patience",
        "Waits for the lock of a logfile without end, with one process for each client.",
        "Waits for 100 s, or half of ipc_timeout if that is less, and then answers FAIL; at once where some hundred clients wait already.",
        "One locked logfile must not stop the service for all other sites.",
        scenario="locked_logfile"),
    Deviation(
        "triggers-not-read",
        "Sends a trigger each time, also to a queue manager that has been stopped.",
        "Does not, while one that says the same has not been read.",
        "The one that waits will be read after whatever was to be told; thousands would use up the descriptors.",
        scenario="stopped_queue_manager"),
    Deviation(
        "long-name",
        "Looks in fast_flush_domains for names of any length.",
        "Denies a name that is too long for a logfile before it looks, with a warning.",
        "A pattern may need seconds for thousands of bytes.",
        [Rule(".*: reply", "FAIL", "DENY"), Rule("log", [], ["warning"])]),
    Deviation(
        "one-letter-site",
        "Takes the logfile of a one-letter site for a directory when it refreshes, and ends.",
        "Knows a file from a directory.",
        "One site stopped the housekeeping of all.",
        [*GOES_ON, SPOOL, TRIGGERS]),
    Deviation(
        "failed-append",
        "Answers OK, with a warning, when the ID could not be written, and may leave a part of it.",
        "Answers FAIL, with a warning, and leaves the logfile as it was.",
        "A lost ID is mail that ETRN does not deliver.",
        [Rule("answer: reply", "OK", "FAIL"), SPOOL]),
    Deviation(
        "locked-removal",
        "Removes an old empty logfile without its lock: an ID that is being added is lost.",
        "Removes it under the lock, after another look.",
        "The same.",
        [Rule("flush/.*", "(nothing)", anything), REPLIES]),
    Deviation(
        "keeps-unmoved",
        "Takes a message that could not be moved for moved: its ID is gone, and the incoming queue is scanned.",
        "Keeps the ID, and does not ask for a scan on its account.",
        "The next ETRN gets another chance.",
        [Rule("flush/.*", anything, includes("b'")), Rule("triggers", ["I\\0"], [])]),
    Deviation(
        "keeps-held",
        "Takes a message on hold for one that has gone: its ID is gone, too.",
        "Keeps the ID.",
        "Nobody lists it again when postsuper -H releases it.",
        [Rule("flush/.*", anything, includes("b'"))]),
    Deviation(
        "other-depth",
        "Looks for a message only where hash_queue_names and hash_queue_depth say.",
        "Also at other depths.",
        "After a change of these it lies where it was until postsuper has moved it.",
        [Rule("incoming/.*", "(nothing)", anything), SPOOL, TRIGGERS]),
    Deviation(
        "early-scan",
        "Asks the queue manager to scan the incoming queue at the end of a send.",
        "Also after the first milliseconds, and every second.",
        "With 100 000 messages, delivery began seconds later.",
        [Rule("scans while moving", False, True)]),
    Deviation(
        "fifo-logfile",
        "Opens a FIFO in the place of a logfile, and waits for ever for its lines.",
        "Warns and answers FAIL, as with a directory.",
        "The same.",
        [Rule("exit", "does not retire", "exit 0"), Rule("log", [], ["warning"], False), Rule("still serving", False, True),
         REPLIES, TRIGGERS, SPOOL]),
    Deviation(
        "exact-duplicates",
        "Tries a message as often as it is listed, or knows 10000 messages only (since 3.8.20, 3.9.14, 3.10.13 and 3.11.6, of August 2026).",
        "Tries each message once.",
        "Each recipient of a message is listed, so mailing lists are listed a thousand times.",
        [Rule("number of warnings", anything, anything)]),
    Deviation(
        "process-limit",
        "Refuses to run with a process limit other than 0 in master.cf.",
        "Runs.",
        "It is one process, so any limit will do.",
        [*GOES_ON, SPOOL, TRIGGERS, REPLIES]),
    Deviation(
        "other-accounts",
        "Ends when default_privs or setgid_group names no usable account.",
        "Looks at mail_owner, the account that it uses.",
        "Whoever uses the others tells of them: master(8) does not start then.",
        [*GOES_ON, SPOOL, TRIGGERS, REPLIES]),
    Deviation(
        "max-use",
        "Ends after max_use clients.",
        "Only where master.cf sets max_use for this service.",
        "A process for all clients at once would do little but start.",
        [Rule("gone within 2 s", True, False), Rule("still serving", False, True), REPLIES]),
    Deviation(
        "layout-record",
        "Follows a new hash_queue_depth or hash_queue_names as soon as its process is a new one.",
        "Follows it after the next reload of Postfix. (Of defer_transports, what is set counts at once, what is cleared after a reload.)",
        "The queue manager reads them, and postsuper moves the files, only then.",
        scenario="queue_layout_change"),
    Deviation(
        "message-permission",
        "Overrides defer_transports for what the next one or two scans of the incoming queue find.",
        "Where it is set, gives each message of a send the permission that `postqueue -i` gives to one, and again when Postfix is reloaded.",
        "Each new mail begins a scan: while other mail arrived, 2 to 600 of 3000 messages were tried.",
        scenario="etrn_only_thousands"),
    Deviation(
        "share",
        "Moves all messages of a send at once.",
        "Moves as many as half of qmgr_message_active_limit, and the next ones when these have left.",
        "While the active queue is full of one site's mail, new mail for all others waits.",
        scenario="other_mail_during_send"),
    Deviation(
        "down",
        "Moves all messages to a destination that is down, too.",
        "Ends the send after 20 messages in a row that were deferred because of the destination; the rest stays listed.",
        "Each would be read, deferred and written again, and delay other mail.",
        scenario="dead_destination"),
    Deviation(
        "outcome",
        "Does not know what comes of the messages.",
        "Logs how many were delivered, returned and deferred, with a reason.",
        "Mail that was asked for is to be delivered; that it was moved says little.",
        scenario="dead_destination"),
    Deviation(
        "configuration-change",
        "Goes on with the old main.cf and tables until it is idle or told to reload.",
        "Ends as soon as nothing is in hand, so that master starts it with the new ones.",
        "It would hardly ever be idle otherwise.",
        [Rule("retires by itself", False, True)]),
    Deviation(
        "never-taken",
        "Tells master that it is taken, then available, for each client.",
        "Tells it once, when the first clients have been accepted, and says nothing while it serves.",
        "So that master starts no second process, and starts another at once when this one is killed.",
        [Rule("status messages", includes(("own pid", 0o17, "taken")), [("own pid", 0o17, "taken"), ("own pid", 0o17, "available")])]),
    Deviation(
        "hands-over",
        "A process with a client in hand stays after a reload until it is done.",
        "Forks: what is in hand is finished by a process that master does not know, and master starts another for the next client.",
        "Master takes it for available until it ends, so that others would wait for all that is in hand.",
        [Rule("master has its process back", False, True)]),
]
BY_ID = {deviation.id: deviation for deviation in ALL}


def cases_of(groups, identifier):
    return [case.name for cases in groups.values() for case in cases if identifier in case.deviations]


def mistakes(groups):
    """Entries without a case, and cases that name no entry."""
    found = [f"deviation {deviation.id}: no case shows it" for deviation in ALL
             if not deviation.scenario and not cases_of(groups, deviation.id)]
    found += [f"deviation {deviation.id}: no such scenario" for deviation in ALL
              if deviation.scenario and not (SCENARIOS / f"{deviation.scenario}.py").exists()]
    found += [f"{case.name}: no such deviation: {identifier}" for cases in groups.values() for case in cases
              for identifier in case.deviations if identifier not in BY_ID]
    return found


def as_markdown(groups):
    lines = ["| Stock flush | flushd | Why | Shown by |", "|---|---|---|---|"]
    for deviation in ALL:
        names = cases_of(groups, deviation.id) or [f"scenario {deviation.scenario}"]
        shown = "; ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        lines.append(f"| {deviation.stock} | {deviation.flushd} | {deviation.why} | {shown} |")
    return "\n".join(lines)
