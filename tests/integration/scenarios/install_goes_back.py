"""flushd install looks at what the service answers for the destinations of the queue, before and
after the switch, and goes back when an answer has become worse; so does install --proxy, with
main.cf. Here the program that is installed is told, behind the operator's back, to serve fewer.
"""

import os
import shutil
import sys
from pathlib import Path

from harness import DENY, FAIL, IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, expect, expect_equal, expect_match
from harness.postfix import CONFIG_DIRECTORY, FLUSH_DIRECTORY
from harness.memcache import Memcache
from harness.tool import flushd, tool_path

TIME_LIMIT = 400

if not IS_FLUSHD:
    print("stock Postfix has no such command")
    sys.exit(0)

MAIN_CF, MASTER_CF = CONFIG_DIRECTORY / "main.cf", CONFIG_DIRECTORY / "master.cf"

server = Memcache({"customer.tld": "x", "other.customer.tld": "x"}, 11211)
(CONFIG_DIRECTORY / "domains.cf").write_text(server.config())
postfix, sink = customer_postfix(start=False)
postfix.use_flush("flush")
postfix.start()
mine, foreign = (deferred_mail(postfix, recipient, listed=False)[0]
                 for recipient in ("user@customer.tld", "user@not.a.customer.domain"))
real = Path(tool_path() + ".real")


def use_real():
    shutil.copy(real, tool_path() + ".new")
    os.rename(tool_path() + ".new", tool_path())


def use_broken(options):
    """What it does as a tool stays the same."""
    Path(tool_path() + ".new").write_text(f"""#!/bin/bash
case $1 in --version|install|uninstall|check) exec -a flushd {real} "$@" ;; esac
exec -a flushd {real} "$@" {options}
""")
    os.chmod(tool_path() + ".new", 0o755)
    os.rename(tool_path() + ".new", tool_path())


def install(*arguments, status):
    result = flushd("install", *arguments)
    print(f"$ flushd install {' '.join(arguments)}\n{result.output}[exit {result.status}]", flush=True)
    expect_equal("exit status", result.status, status)
    return result.output


def expect_as_before(before):
    expect_equal("main.cf and master.cf", (MAIN_CF.read_bytes(), MASTER_CF.read_bytes()), before)
    expect_equal("flush answers", [ask_flush("add", site=site, queue_id=mine) for site in ("customer.tld", "not.a.customer.domain")],
                 [OK, DENY])
    expect_equal("who serves", bool(postfix.processes(("flush",))), True)
    expect_equal("kept of main.cf", sorted(path.name for path in CONFIG_DIRECTORY.glob("main.cf.*flushd*")), [])
    expect_equal("logfiles", postfix.logfile_names(), ["customer_tld"])


shutil.copy(tool_path(), real)
before = MAIN_CF.read_bytes(), MASTER_CF.read_bytes()
mark = postfix.log.mark()

use_broken("-o fast_flush_domains=other.customer.tld")
answer = install(status=69)
expect_match("one that says no", answer, r"(?m)^flushd: asked about customer.tld, flushd says that it is not eligible, but flush "
             r"says that it is eligible; the mail log says why; master.cf has been restored, and flush answers again$")
expect_as_before(before)

use_broken("-o fast_flush_domains=customer.tld,hash:/missing")
answer = install(status=69)
expect_match("one that cannot tell about others", answer, r"(?m)^flushd: asked about (not.a.customer.domain|a destination that is in "
             r"no list), flushd cannot tell, but flush says that it is not eligible; .* flush answers again$")
expect_as_before(before)

# The same with main.cf, which is changed first.
postfix.configure(relay_domains=f"memcache:{CONFIG_DIRECTORY}/domains.cf")
postfix.reload()
before = MAIN_CF.read_bytes(), MASTER_CF.read_bytes()
use_broken("-o fast_flush_domains=other.customer.tld")
answer = install("--proxy", status=69)
expect_match("one that says no", answer, r"(?m)^flushd: asked about customer.tld, .*; main.cf and master.cf have been restored, and flush "
             r"answers again$")
expect_as_before(before)

# Nothing has been tried for delivery, and nothing is listed that is not there.
postfix.expect_untouched([mine, foreign], since=mark, seconds=0)
expect(set(postfix.logfile("customer.tld")) == {mine}, "nothing else is listed")

use_real()
answer = install("--proxy", status=0)
expect_match("the proof", answer, r"asked about 2 destinations of the deferred queue before and after the change, 1 of them eligible: no answer "
             r"is worse")
expect_equal("flushd answers", [ask_flush("add", site=site, queue_id=mine) for site in ("customer.tld", "not.a.customer.domain")],
             [OK, DENY])
expect_equal("logfiles", postfix.logfile_names(), ["customer_tld"])

# A list that takes everything: the name that is asked for is eligible, and leaves no logfile.
expect_equal("uninstall", flushd("uninstall").status, 0)
postfix.configure(fast_flush_domains="static:all")
postfix.reload()
install(status=0)
expect_equal("logfiles", [name for name in postfix.logfile_names() if "invalid" in name], [])
expect(FAIL not in (ask_flush("add", site="customer.tld", queue_id=mine),), "flushd answers")
expect(FLUSH_DIRECTORY.exists(), "the end")
