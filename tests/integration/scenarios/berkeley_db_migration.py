"""non_bdb_migration_level of Postfix 3.11: hash and btree are what default_database_type, default_cache_db_type and non_bdb_custom_mapping say, for flushd
as for postmap and all of Postfix. Answers from an X.db that nobody updates any more would be stale. A missing file is made by nbdb_reindexd. debug: tables
log what is looked up. A Postfix without Berkeley DB has no hash, and flushd none then.
"""

import sys
from pathlib import Path

from harness import DENY, FAIL, IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, expect_match, run_command
from harness.postfix import CONFIG_DIRECTORY, postfix_version
from harness.tool import flushd

TIME_LIMIT = 300  # a reload for each list, on a busy machine

TABLE = CONFIG_DIRECTORY / "sites"
OLD, NEW = "old.tld x\n", "new.tld x\n"


def write_table(text, kind):
    TABLE.write_text(text)
    run_command("postmap", f"{kind}:{TABLE}", check=True)


def use(**parameters):
    postfix.configure(**parameters)
    mark = postfix.log.mark()
    postfix.reload()
    return mark


def answers():
    return tuple(ask_flush("add", site=site, queue_id="ABCDEF0123") for site in ("old.tld", "new.tld"))


def without_berkeley_db():
    """As good as built without it, as some distributions have it since before 3.11."""
    if not IS_FLUSHD:
        return
    postconf = Path("/usr/sbin/postconf")
    postconf.rename("/usr/sbin/postconf.real")
    postconf.write_text("#!/bin/sh\ncase \" $* \" in *' -m '*) /usr/sbin/postconf.real \"$@\" | grep -vxE 'hash|btree';;\n"
                        "*) exec /usr/sbin/postconf.real \"$@\";; esac\n")
    postconf.chmod(0o755)
    mark = use(fast_flush_domains=f"customer.tld, hash:{TABLE}")
    expect_equal("no hash in this Postfix", answers(), (FAIL, FAIL))
    expect_equal("what does not reach it", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)
    postfix.log.wait_for(rf"error: open dictionary: hash:{TABLE}: the installed Postfix was built without Berkeley DB", since=mark)
    result = flushd("check")
    print(result.output)
    expect_match("check", result.output, r"(?m)^error: fast_flush_domains: .*built without Berkeley DB")


postfix, sink = customer_postfix(start=False)
postfix.configure(fast_flush_domains=f"hash:{TABLE}")
write_table(OLD, "hash")
postfix.start()
expect_equal("hash", answers(), (OK, DENY))
if IS_FLUSHD:
    # Debian's 3.11 has postmap warn of each use.
    postfix.configure(smtpd_etrn_restrictions=f"check_etrn_access hash:{TABLE}, permit_mynetworks, reject")
    result = flushd("check")
    print(result.output)
    expect("cannot be searched" not in result.output, "check finds nothing wrong with a hash")
    postfix.configure(smtpd_etrn_restrictions="")

if postfix_version() < (3, 11):
    # An operator may have written it down for the release to come.
    use(non_bdb_migration_level="enable-redirect", default_database_type="texthash")
    TABLE.write_text(NEW)
    expect_equal("of a release that does not know the parameter", answers(), (OK, DENY))
    without_berkeley_db()
    sys.exit(0)

for kind, level in (("cdb", "enable-redirect"), ("lmdb", "enable-redirect"), ("lmdb", "enable-reindex")):
    use(non_bdb_migration_level=level, default_database_type=kind)
    write_table(NEW, "hash")
    expect(Path(f"{TABLE}.{kind}").exists(), f"postmap hash: has written a {kind} file")
    mark = use(fast_flush_domains=f"hash:{TABLE}")
    expect_equal(f"hash, {level}, {kind}", answers(), (DENY, OK))
    postfix.log.wait_for(rf"redirecting hash:{TABLE} to {kind}:{TABLE}", since=mark)
    Path(f"{TABLE}.{kind}").unlink()
    if level == "enable-redirect":
        postfix.reload()
        expect_equal(f"hash, {level}, no {kind} file", answers(), (FAIL, FAIL))

use(non_bdb_migration_level="enable-redirect", default_cache_db_type="cdb", fast_flush_domains=f"btree:{TABLE}")
write_table(NEW, "btree")
postfix.reload()
expect_equal("btree", answers(), (DENY, OK))

# For one table, or for a type.
use(non_bdb_custom_mapping=f"inline:{{hash:{TABLE}=texthash, btree=texthash}}", fast_flush_domains=f"hash:{TABLE}")
TABLE.write_text(OLD)
postfix.reload()
expect_equal("hash, custom mapping", answers(), (OK, DENY))
use(fast_flush_domains=f"unionmap:{{btree:{TABLE}, hash:{TABLE}}}")
expect_equal("in a union, custom mapping", answers(), (OK, DENY))
use(non_bdb_custom_mapping=f"inline:{{hash:{TABLE}=hash}}", fast_flush_domains=f"customer.tld, hash:{TABLE}")
expect_equal("hash, mapped to itself", answers(), (FAIL, FAIL))
expect_equal("what does not reach it", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)
if IS_FLUSHD:
    result = flushd("check")
    print(result.output)
    expect_match("check", result.output, r"(?m)^error: fast_flush_domains: .*hash:/etc/postfix/sites.*\"hash\", which cannot be")
postfix.configure(non_bdb_custom_mapping="")

# Made by Postfix's own service when it is missing.
postfix.set_service("nbdb_reindex/unix", "nbdb_reindex unix y n n - 1 nbdb_reindexd")
TABLE.write_text(OLD)
use(non_bdb_migration_level="enable-reindex", default_database_type="cdb", fast_flush_domains="")
for suffix in ("cdb", "lmdb"):
    Path(f"{TABLE}.{suffix}").unlink(missing_ok=True)
run_command("touch", f"{TABLE}.db", check=True)
use(fast_flush_domains=f"hash:{TABLE}")
expect_equal("hash, the file is made", answers(), (OK, DENY))
expect(Path(f"{TABLE}.cdb").exists(), "a cdb file was made")

# debug: logs each lookup, in a union and in a pipe, too.
use(non_bdb_migration_level="disable")
for value in (f"debug:texthash:{TABLE}", f"unionmap:{{debug:texthash:{TABLE}, inline:{{x.tld=y}}}}",
              f"pipemap:{{inline:{{new.tld=none, old.tld=old.tld}}, debug:texthash:{TABLE}}}"):
    mark = use(fast_flush_domains=value)
    expect_equal(value, answers(), (OK, DENY))
    postfix.log.wait_for(rf'postfix/flush\w*\[\d+\]: texthash:{TABLE} lookup: "old\.tld" = "x"', since=mark)
    postfix.log.wait_for(rf'postfix/flush\w*\[\d+\]: texthash:{TABLE} lookup: "\w+(\.tld)?" = "not_found"', since=mark)

without_berkeley_db()
