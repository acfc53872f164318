"""Drives a Postfix inside a container, for the scripts in scenarios/.

Everything here runs as root in a container that is thrown away afterwards:
it changes /etc/postfix and the queue without looking back.
"""

from .expect import (DAEMON, IS_FLUSHD, ScenarioFailure, by_daemon, expect, expect_equal,
                     expect_match, fail, wait_until)
from .flush_client import BAD, DENY, FAIL, OK, FlushClient, ask_flush
from .postfix import FLUSH_DIRECTORY, PostfixInstance, run_command
from .sink import Sink
from .sites import SINK_PORT, customer_postfix, deferred_mail, transport_for
from .smtp_client import SmtpClient, etrn

__all__ = [name for name in dir() if not name.startswith("_")]
