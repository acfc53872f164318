"""The .deb from its installation to its end; tests/installed/package runs it in a container.

Nothing changes in Postfix before "flushd install", and after a purge Postfix's own flush
answers again and nothing is left.
"""

import gzip
import re
from pathlib import Path

from harness import (OK, SINK_PORT, PostfixInstance, Sink, ask_flush, deferred_mail, etrn, expect, expect_equal, expect_match,
                     run_command)
from harness.sites import RELAY_DOMAINS, SITES, transport_for

DEB = str(next(Path("/packages").glob("flushd_*.deb")))
LIBRARIES = [str(path) for path in Path("/packages/libraries").glob("*.deb")]


def show(*arguments):
    result = run_command(*arguments)
    print(f"$ {' '.join(arguments)}\n{result.output}[exit {result.status}]", flush=True)
    return result


def serves():
    return {name for name in ("flush", "flushd") if postfix.processes((name,))}


def service_line(directory="/etc/postfix"):
    return run_command("postconf", "-c", directory, "-M", "flush/unix", check=True).output.split()


def left():
    """Files with the name of the package, outside the log."""
    return run_command("find", "/", "-xdev", "-name", "*flushd*", "-print").output.split()


postfix = PostfixInstance()
postfix.configure(relay_domains=RELAY_DOMAINS, transport_maps=transport_for(SITES))
postfix.start()
sink = Sink(SINK_PORT)
expect_equal("left before it began", left(), [])
stock = service_line()
expect_equal("stock answers", ask_flush("add", site="stock.customer.tld", queue_id="AB1"), OK)

if LIBRARIES:
    expect_equal("libraries", show("dpkg", "-i", *LIBRARIES).status, 0)
result = show("dpkg", "-i", DEB)
expect_equal("dpkg -i", result.status, 0)
expect_match("what to do next", result.output, r"flushd install")
installed = run_command("dpkg", "-L", "flushd").output.split()
for path in ("/lib/systemd/system/flushd-metrics.service", "/lib/systemd/system/flushd-metrics.timer",
             "/lib/systemd/system/flushd-exporter.service", "/share/flushd/flushd.rules.yml", "/share/flushd/flushd.json"):
    expect(f"/usr{path}" in installed, f"{path} is there")
expect_match("its units start what is installed", Path("/usr/lib/systemd/system/flushd-exporter.service").read_text(),
             r"(?m)^ExecStart=/usr/sbin/flushd metrics --listen ")
expect_equal("nothing is enabled", [path for path in left() if ".wants/" in path], [])
for path in ("/etc/apparmor.d/flushd", "/usr/share/doc/flushd/SECURITY.md", "/usr/share/doc/flushd/NEWS.gz"):
    expect(path in installed and Path(path).is_file(), f"{path} is there")
version = run_command("dpkg-query", "-W", "-f", "${Version}", "flushd").output.split("-")[0]
expect_match("its news are about this version", gzip.decompress(Path("/usr/share/doc/flushd/NEWS.gz").read_bytes()).decode(),
             rf"(?m)^## {re.escape(version)} ")
expect_match("its profile belongs to the administrator", run_command("dpkg-query", "-W", "-f", "${Conffiles}", "flushd").output,
             r"/etc/apparmor\.d/flushd ")
expect_equal("nothing has changed yet", (service_line(), serves()), (stock, {"flush"}))
expect_match("the tool", show("flushd", "--version").output, r"\Aflushd \d+\.\d+")
expect_equal("flushd check", show("flushd", "check").status, 1)

expect_equal("flushd install", show("flushd", "install").status, 0)
expect_equal("who serves", (service_line()[7:], serves()), (["flushd"], {"flushd"}))
expect_equal("flushd check", show("flushd", "check").status, 0)
deferred_mail(postfix, "user@customer.tld")
sink.accept()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld"])

before = postfix.flush_processes()
expect_equal("an upgrade", show("dpkg", "-i", DEB).status, 0)
expect_equal("add", ask_flush("add", site="customer.tld", queue_id="AB2"), OK)
expect(not set(before) & set(postfix.flush_processes()), "it is the new one that serves")

# Stock does not run with this limit, so it cannot be put back.
postfix.set_service_field("flush/unix", "process_limit", "1")
postfix.reload()
result = show("dpkg", "--purge", "flushd")
expect(result.status != 0, "a purge that would leave Postfix without a flush service is refused")
expect_match("why", result.output, r"flushd: flush does not answer .*; master\.cf has been restored, and flushd answers again")
expect_equal("flushd answers", (ask_flush("add", site="customer.tld", queue_id="AB3"), serves()), (OK, {"flushd"}))
postfix.set_service_field("flush/unix", "process_limit", "0")
postfix.reload()

# Another instance, which does not run.
run_command("postmulti", "-e", "init", check=True)
run_command("postmulti", "-I", "postfix-two", "-e", "create", check=True)
expect_equal("flushd -c install", show("flushd", "-c", "/etc/postfix-two", "install").status, 0)
expect_equal("the other line", service_line("/etc/postfix-two")[7:], ["flushd"])

expect_equal("dpkg --purge", show("dpkg", "--purge", "flushd").status, 0)
expect_equal("the lines", (service_line(), service_line("/etc/postfix-two")[7:]), (stock, ["flush"]))
expect_equal("stock answers", (ask_flush("add", site="customer.tld", queue_id="AB4"), serves()), (OK, {"flush"}))
expect_equal("left", left(), [])
expect_match("check of Postfix", str(run_command("postfix", "check")), r"status=0")

# Removed while Postfix is stopped.
expect_equal("dpkg -i", run_command("dpkg", "-i", DEB).status, 0)
expect_equal("flushd install", run_command("flushd", "install").status, 0)
postfix.stop()
expect_equal("dpkg --remove", show("dpkg", "--remove", "flushd").status, 0)
expect_equal("the line", service_line(), stock)
expect_equal("dpkg --purge", run_command("dpkg", "--purge", "flushd").status, 0)
expect_equal("left", left(), [])
postfix.start()
expect_equal("stock answers", (ask_flush("add", site="customer.tld", queue_id="AB5"), serves()), (OK, {"flush"}))
