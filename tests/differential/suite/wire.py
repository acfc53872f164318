"""The bytes of public/flush, well-formed or not."""

ANNOUNCEMENT = b"protocol\0queue_flush_protocol\0\0"
OK, FAIL, BAD, DENY = (b"status\0%u\0\0" % (number & 0xFFFFFFFF) for number in (0, -1, 3, 4))
STATUS_NAMES = {OK: "OK", FAIL: "FAIL", BAD: "BAD", DENY: "DENY"}


def to_bytes(text):
    return text if isinstance(text, bytes) else str(text).encode()


def attributes(*pairs, end=b"\0"):
    """An attribute list; end=b"" leaves out its terminator."""
    return b"".join(to_bytes(name) + b"\0" + to_bytes(value) + b"\0" for name, value in pairs) + end


def add(site, queue_id):
    return attributes(("request", "add"), ("site", site), ("queue_id", queue_id))


def send_site(site):
    return attributes(("request", "send_site"), ("site", site))


def send_file(queue_id):
    return attributes(("request", "send_file"), ("queue_id", queue_id))


REFRESH = attributes(("request", "rfrsh"))
PURGE = attributes(("request", "purge"))
WAKEUP = b"W\0"
