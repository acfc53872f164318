"""A child of master(8): options, environment, retirement, idling."""

import fcntl
import os
import time

from suite import wire
from suite.case import USUAL_OPTIONS, Case

from .common import ID, LOGFILE, ONE_MESSAGE, SECOND, SITE, ask, listed, mail

ADD, SEND = wire.add(SITE, SECOND), wire.send_site(SITE)
BOTH = [ask(ADD, "add"), ask(SEND, "send")]
Z, T = ("-z",), ("-t", "unix")

# Options with which both serve.
GOOD = {
    "as master gives them": USUAL_OPTIONS, "as root, no jail": (*Z, *T), "unprivileged, no jail": (*Z, *T, "-u"), "jail, as root": (*Z, *T, "-c"),
    "-l": (*Z, *T, "-l"), "options in one word": ("-zuct", "unix"), "argument in the same word": (*Z, "-tunix", "-u"),
    "-t inet": (*Z, "-t", "inet"), "-t in capitals": (*Z, "-t", "UNIX"), "-n": (*Z, *T, "-n", "other"), "-o": (*Z, *T, "-o", "fast_flush_domains=nothing.tld"),
    "-o with blanks": (*Z, *T, "-o", " fast_flush_domains =  nothing.tld "), "-o with an empty value": (*Z, *T, "-o", "fast_flush_domains="),
    "-o in braces": (*Z, *T, "-o", "{ fast_flush_domains = nothing.tld }"), "-o twice": (*Z, *T, "-o", "fast_flush_domains=a.tld", "-o", "fast_flush_domains=b.tld"),
    "-o with a macro": (*Z, *T, "-o", "fast_flush_domains=$mydomain"), "-o of an unknown parameter": (*Z, *T, "-o", "nonsense=1"),
    "-i": (*Z, *T, "-i", "100"), "-m 1000": (*Z, *T, "-m", "1000"), "-s 1": (*Z, *T, "-s", "1"),
    "-d": (*Z, *T, "-d"), "-r": (*Z, *T, "-r", "1000"), "-o stress=yes": (*Z, *T, "-o", "stress=yes"), "two hyphens at the end": (*Z, *T, "--"),
    "-z twice": ("-z", *Z, *T),
}
# Options with which neither starts.
BAD = {
    "no -t": Z, "unknown transport": (*Z, "-t", "nonsense"), "empty transport": (*Z, "-t", ""), "unknown option": (*Z, *T, "-x"),
    "option in capitals": (*Z, *T, "-Z"), "option without argument": (*Z, *T, "-n"), "-o without value": (*Z, *T, "-o", "fast_flush_domains"),
    "-o without name": (*Z, *T, "-o", "=value"), "-o with a blank in the name": (*Z, *T, "-o", "fast flush_domains=x"), "-o empty": (*Z, *T, "-o", ""),
    "-s 0": (*Z, *T, "-s", "0"), "-s negative": (*Z, *T, "-s", "-1"), "-s text": (*Z, *T, "-s", "x"), "-r 0": (*Z, *T, "-r", "0"), "-r text": (*Z, *T, "-r", "x"),
    "-i text": (*Z, *T, "-i", "x"), "-i negative": (*Z, *T, "-i", "-1"), "-m text": (*Z, *T, "-m", "x"), "long option": (*Z, *T, "--nonsense"),
    "-o with a bad time": (*Z, *T, "-o", "fast_flush_refresh_time=x"), "-o with a time of 0": (*Z, *T, "-o", "fast_flush_refresh_time=0"),
    "-o with a negative time": (*Z, *T, "-o", "fast_flush_purge_time=-1"), "-o with a bad flag": (*Z, *T, "-o", "smtputf8_enable=maybe"),
    "-o with an unknown mail_owner": (*Z, *T, "-u", "-o", "mail_owner=nobody-of-that-name"),
    "-o with an unknown mail_owner, no -u": (*Z, *T, "-o", "mail_owner=nobody-of-that-name"),
    "-o mail_owner=root": (*Z, *T, "-o", "mail_owner=root"), "-o mail_owner=root, -u": (*Z, *T, "-u", "-o", "mail_owner=root"),
}
GENERATIONS = {"0": True, "17": True, "777": True, "": True, "8": False, "x": False, "-1": False, "17x": False, " 17": False}


def options():
    for name, given in GOOD.items():
        yield Case(f"process: option {name}", BOTH, ONE_MESSAGE, options=given)
    for name, given in BAD.items():
        yield Case(f"process: bad options: {name}", [ask(ADD)], ONE_MESSAGE, options=given)
    for given in ("default_privs=nobody-of-that-name", "setgid_group=nogroup-of-that-name", "default_privs=postfix"):
        yield Case(f"process: -o {given}", BOTH, ONE_MESSAGE, options=(*Z, *T, "-o", given), deviations=("other-accounts",))
    yield Case("process: extra argument", [ask(ADD)], ONE_MESSAGE, options=(*Z, *T, "extra"))
    yield Case("process: no -z", BOTH, ONE_MESSAGE, options=T, deviations=("process-limit",))
    yield Case("process: no -z, -l", BOTH, ONE_MESSAGE, options=(*T, "-l"), deviations=("process-limit",))
    yield Case("process: -s 2: both sockets serve", [ask(ADD, "first"), ask(SEND, "second", number=1)], ONE_MESSAGE,
               options=(*Z, *T, "-s", "2"), sockets=2)
    yield Case("process: -v logs", BOTH, ONE_MESSAGE, options=(*Z, *T, "-v"), observe=("info",))
    yield Case("process: -v -v logs", BOTH, ONE_MESSAGE, options=(*Z, *T, "-v", "-v"), observe=("info",))
    yield Case("process: MAIL_VERBOSE logs", BOTH, ONE_MESSAGE, environment={"MAIL_VERBOSE": ""}, observe=("info",))
    yield Case("process: -V shows warnings", [ask(b"request\0add\0\0")], options=(*Z, *T, "-V"), observe=("stderr",))
    yield Case("process: -V shows what is fatal", [ask(ADD)], options=(*Z, "-V"), observe=("stderr",))
    yield Case("process: without -V standard error is silent", [ask(b"request\0add\0\0")], observe=("stderr",))
    marker = "touch @ETC@/debugged; chmod 666 @ETC@/debugged"
    for name, more in (("-D", {"options": (*Z, *T, "-D")}), ("MAIL_DEBUG", {"options": (*Z, *T), "environment": {"MAIL_DEBUG": ""}})):
        yield Case(f"process: {name} runs the debugger", [ask(ADD), debugger_was_run], ONE_MESSAGE, main_cf={"debugger_command": marker}, **more)
    for value, _ in GENERATIONS.items():
        yield Case(f"process: GENERATION {value!r}", BOTH, ONE_MESSAGE, environment={"GENERATION": value}, observe=("status-free",))


def debugger_was_run(bench):
    bench.wait(lambda: os.path.exists(f"{bench.spool.etc}/debugged"), 3.0)
    bench.record("debugger", os.path.exists(f"{bench.spool.etc}/debugged"))


def standard_input():
    pairs = {"add": ADD, "send_site": SEND, "send_file": wire.send_file(ID), "rfrsh": wire.REFRESH, "purge": wire.PURGE,
             "unfinished": ADD[:-1], "no terminator": b"garbage", "nothing": b"", "wakeup": wire.WAKEUP}
    for name, data in pairs.items():
        yield Case(f"process: -S: {name}", [lambda bench: bench.wait_exit()], ONE_MESSAGE, options=("-S", "-u"), stdin=data, probe=False)
    yield Case("process: -S -z -t unix", [lambda bench: bench.wait_exit()], ONE_MESSAGE, options=("-S", *Z, *T), stdin=ADD, probe=False)


# --- retirement

def retire(bench):
    bench.retire()


def gone_within(seconds):
    def step(bench):
        bench.record(f"gone within {seconds} s", bench.wait_exit(seconds))
    return step


def still_here_after(seconds):
    def step(bench):
        bench.record(f"gone within {seconds} s", bench.wait_exit(seconds))
    return step


def successor_can_start(bench):
    # Stock's stays for as long as its client: not long enough for a busy machine to take the one for the other.
    bench.record("master has its process back", bool(bench.wait(bench.child.reaped, 5.0)))


def half_a_request(bench):
    bench.open("in hand")
    bench.wait_announced("in hand")
    bench.send(ADD[:20], "in hand")
    bench.wait_until_read("in hand")


def the_rest(bench):
    bench.send(ADD[20:], "in hand")
    bench.receive("in hand", "in hand")


def hold_lock(bench):
    """Somebody else has the logfile."""
    descriptor = os.open(bench.spool.path("flush", LOGFILE), os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    bench.kept["lock"] = descriptor


def release_lock(bench):
    os.close(bench.kept.pop("lock"))


def begin(data, name):
    def step(bench):
        bench.open(name)
        bench.wait_announced(name)
        bench.send(data, name)
        bench.wait_until_read(name)
    return step


def finish(name):
    def step(bench):
        bench.record(f"{name}: answered while waiting", bool(bench.wait(lambda: wire.OK in bench.connections[name].received, 0.3)))
    return step


def answer(name):
    return lambda bench: bench.receive(name, name)


def touch_main_cf(bench):
    time.sleep(1.1)
    bench.spool.write_main_cf(fast_flush_domains="nothing.tld")
    bench.wait_exit(4.0)
    bench.record("retires by itself", bench.child.exited())


def lives():
    yield Case("process: retires when idle, never used", [retire, gone_within(10)], probe=False)
    yield Case("process: retires when idle, after a request", [ask(ADD), retire, gone_within(10)], probe=False)
    yield Case("process: retires after the client in hand", [half_a_request, retire, still_here_after(0.3), the_rest, gone_within(10)], probe=False)
    yield Case("process: reload with a client in hand", [half_a_request, retire, successor_can_start, the_rest, gone_within(10)],
               deviations=("hands-over",), probe=False)
    yield Case("process: retires after the housekeeping in hand",
               [hold_lock, begin(wire.PURGE, "purge"), finish("purge"), retire, still_here_after(0.3), release_lock, gone_within(10)],
               ONE_MESSAGE, probe=False)
    yield Case("process: retires after the send in hand", [hold_lock, begin(SEND, "send"), finish("send"), retire, still_here_after(0.3), release_lock,
                                                           answer("send"), gone_within(10)], ONE_MESSAGE, probe=False)
    yield Case("process: an add waits for the lock", [hold_lock, begin(ADD, "add"), finish("add"), release_lock, answer("add")], ONE_MESSAGE)
    yield Case("process: a send waits for the lock", [hold_lock, begin(SEND, "send"), finish("send"), release_lock, answer("send")], ONE_MESSAGE)
    yield Case("process: a refresh waits for the lock", [hold_lock, begin(wire.REFRESH, "refresh"), finish("refresh"), release_lock, answer("refresh")],
               ONE_MESSAGE)
    yield Case("process: max_idle, never used", [gone_within(5)], main_cf={"max_idle": "1s"}, probe=False)
    yield Case("process: max_idle, after a request", [ask(ADD), gone_within(5)], main_cf={"max_idle": "1s"}, probe=False)
    yield Case("process: max_idle is not the client's time", [half_a_request, still_here_after(2.0), the_rest, gone_within(5)],
               main_cf={"max_idle": "1s"}, probe=False)
    yield Case("process: -i", [gone_within(5)], options=(*USUAL_OPTIONS, "-i", "1"), probe=False)
    yield Case("process: -o max_idle", [gone_within(5)], options=(*USUAL_OPTIONS, "-o", "max_idle=1s"), probe=False)
    for count in (1, 2):
        yield Case(f"process: -m {count}", [*(ask(ADD, f"add {n}") for n in range(count)), gone_within(5)],
                   options=(*USUAL_OPTIONS, "-m", str(count)), probe=False)
    yield Case("process: -o max_use", [ask(ADD), gone_within(5)], options=(*USUAL_OPTIONS, "-o", "max_use=1"), probe=False)
    yield Case("process: max_use in main.cf", [ask(ADD, "one"), gone_within(2)], main_cf={"max_use": "1"}, deviations=("max-use",))
    yield Case("process: ipc_timeout, silent", [begin(b"", "silent"), answer("silent")], main_cf={"ipc_timeout": "1s"})
    yield Case("process: ipc_timeout, in the middle", [half_a_request, answer("in hand")], main_cf={"ipc_timeout": "1s"})
    yield Case("process: main.cf changes", [ask(ADD, "before"), touch_main_cf], deviations=("configuration-change",), probe=False)
    yield Case("process: status messages while serving", [ask(ADD, "add"), ask(SEND, "send")], ONE_MESSAGE, observe=("status",),
               deviations=("never-taken",))
    yield Case("process: status messages when idle", [ask(wire.REFRESH)], observe=("status",), deviations=("never-taken",))


def cases():
    for part in (options, standard_input, lives):
        yield from part()
