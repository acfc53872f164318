"""flushd serves all clients with one process, which master starts when
there is something to do and which leaves when there is nothing.
"""

import threading

from harness import IS_FLUSHD, OK, FlushClient, ask_flush, customer_postfix, expect, expect_equal, wait_until
from harness.flush_client import request

CLIENTS = 20

postfix, sink = customer_postfix()

# Twenty clients at once: all connected before the first one asks.
clients = [FlushClient() for _ in range(CLIENTS)]
for number, client in enumerate(clients):
    client.send(request("add", site="customer.tld", queue_id=f"AB{number}"))
expect_equal("answers to simultaneous clients", [client.receive_status() for client in clients], [OK] * CLIENTS)

# And twenty that keep asking.
answers = []


def keep_asking(number):
    for turn in range(10):
        answers.append(ask_flush("add", site="other.customer.tld", queue_id=f"C{number}D{turn}"))


most = 0
threads = [threading.Thread(target=keep_asking, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    most = max(most, len(postfix.flush_processes()))
expect_equal("answers to parallel clients", answers, [OK] * CLIENTS * 10)
expect_equal("lines listed", len(set(postfix.logfile("other.customer.tld"))), CLIENTS * 10)
print("processes at most:", most)
if IS_FLUSHD:
    expect_equal("processes under parallel clients", most, 1)

postfix.use_flush(options="-o max_idle=2s")
expect_equal("add", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)
first = postfix.flush_processes()
expect(first, "a process is there")
wait_until("it leaves when idle", lambda: not postfix.flush_processes(), timeout=20)
expect_equal("add after that", ask_flush("add", site="customer.tld", queue_id="BCDEF01234"), OK)
expect(set(postfix.flush_processes()) - set(first), "a new process serves it")
expect_equal("complaints", postfix.log.find_all(r"/(flush|flushd|master)\[\d+\]: (warning|fatal|panic)"), [])
