"""Servers that Postfix's add-on packages ask, each with the same table of sites.

All run in this container, on sockets below /run/databases and on 127.0.0.1. What their
packages have set up is left alone: each gets its data anew below /srv, so it does not
matter how the image was made. They are in the image that IMAGE = "databases" asks for.
"""

import base64
import shutil
import signal
import socket
import sqlite3
import subprocess
from pathlib import Path

from .expect import fail, wait_until
from .postfix import run_command

DATA = Path("/srv/databases")
SOCKETS = Path("/run/databases")


def as_user(user, *command):
    return ("setpriv", "--reuid", user, "--regid", user, "--clear-groups") + command


def sql_script(entries):
    def text(value):
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    return "CREATE TABLE sites (site VARCHAR(255), result VARCHAR(255));\n" + "".join(
        f"INSERT INTO sites VALUES ({text(site)}, {text(result)});\n"
        for site, results in entries.items() for result in results)


class Table:
    """Made with its entries, a list of results for each site."""

    def __init__(self, entries):
        self.data, self.sockets = DATA / self.type, SOCKETS / self.type
        for directory in (self.data, self.sockets):
            directory.mkdir(parents=True)
            shutil.chown(directory, self.user)
        self.process = None
        self.fill(entries)

    def config(self, tcp=False, key="%s", **settings):
        """The text of a .cf file that asks for `key`, over TCP or over the server's own socket."""
        return "".join(f"{name} = {value}\n" for name, value in {**self.settings(tcp, key), **settings}.items())


class Server(Table):
    stop_signal = signal.SIGTERM

    def start(self):
        with (DATA / f"{self.type}.log").open("a") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(f"{self.type}: the server answers", self.is_ready, timeout=60)

    def is_ready(self):
        if self.process.poll() is not None:
            log = (DATA / f"{self.type}.log").read_text(errors="replace")
            fail(f"{self.type}: the server ended with {self.process.returncode}:\n{log[-2000:]}")
        return self.answers()

    def stop(self):
        self.process.send_signal(self.stop_signal)
        self.process.wait(60)


class Ldap(Server):
    type = "ldap"
    user = "openldap"

    def fill(self, entries):
        self.configuration = DATA / "slapd.conf"
        self.configuration.write_text(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
            "modulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"database mdb\nsuffix dc=sites\ndirectory {self.data}\nmaxsize 16777216\naccess to * by * read\n")
        ldif = "dn: dc=sites\nobjectClass: domain\ndc: sites\n"
        for number, (site, results) in enumerate(entries.items()):
            ldif += (f"\ndn: cn={number},dc=sites\nobjectClass: applicationProcess\ncn: {number}\n"
                     f"l:: {base64.b64encode(site.encode()).decode()}\n")
            # LDAP has no empty values.
            ldif += "".join(f"description: {result}\n" for result in results if result)
        run_command(*as_user(self.user, "slapadd", "-f", str(self.configuration)), stdin=ldif, check=True)

    def url(self, tcp):
        return "ldap://127.0.0.1" if tcp else "ldapi://" + f"{self.sockets}/ldapi".replace("/", "%2f")

    def command(self):
        # -d keeps it in the foreground.
        return ["slapd", "-d", "0", "-u", self.user, "-g", self.user, "-f", str(self.configuration),
                "-h", f"{self.url(tcp=True)} {self.url(tcp=False)}"]

    def answers(self):
        with socket.socket(socket.AF_UNIX) as client, socket.socket() as tcp_client:
            return (client.connect_ex(f"{self.sockets}/ldapi") or tcp_client.connect_ex(("127.0.0.1", 389))) == 0

    def settings(self, tcp, key):
        return {"server_host": self.url(tcp), "version": "3", "bind": "no", "search_base": "dc=sites",
                "query_filter": f"(l={key})", "result_attribute": "description"}


class SqlTable(Table):
    def settings(self, tcp, key):
        return {**self.access(tcp), "query": f"SELECT result FROM sites WHERE site = '{key}'"}


class Mysql(Server, SqlTable):
    type = user = "mysql"

    def fill(self, entries):
        run_command("mariadb-install-db", "--no-defaults", f"--user={self.user}", f"--datadir={self.data}",
                    "--skip-test-db", "--auth-root-authentication-method=normal", check=True)
        self.start()
        readers = "".join(f"CREATE USER reader@'{host}' IDENTIFIED BY 'secret';\n"
                          f"GRANT SELECT ON flush.* TO reader@'{host}';\n" for host in ("localhost", "127.0.0.1"))
        run_command("mariadb", *self.client_options(), check=True, stdin=(
            f"CREATE DATABASE flush CHARACTER SET utf8mb4;\n{readers}USE flush;\n{sql_script(entries)}"))
        self.stop()

    def client_options(self):
        return "--no-defaults", f"--socket={self.sockets}/socket", "--user=root", "--default-character-set=utf8mb4"

    def command(self):
        # Containers and asynchronous I/O do not always agree.
        return ["mariadbd", "--no-defaults", f"--user={self.user}", f"--datadir={self.data}",
                f"--socket={self.sockets}/socket", "--bind-address=127.0.0.1", "--skip-name-resolve",
                "--innodb-use-native-aio=0", "--innodb-buffer-pool-size=16M"]

    def answers(self):
        return run_command("mariadb-admin", *self.client_options(), "ping").status == 0

    def access(self, tcp):
        return {"hosts": "127.0.0.1" if tcp else f"unix:{self.sockets}/socket", "user": "reader",
                "password": "secret", "dbname": "flush"}


class Pgsql(Server, SqlTable):
    type = "pgsql"
    user = "postgres"
    # This signal ends the sessions; the other one waits for them.
    stop_signal = signal.SIGINT

    def program(self, name):
        return str(next(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))

    def fill(self, entries):
        run_command(*as_user(self.user, self.program("initdb"), f"--pgdata={self.data}", "--auth=trust",
                             "--encoding=UTF8", "--locale=C", "--no-sync"), check=True)
        self.start()
        run_command(self.program("psql"), "--quiet", "--set=ON_ERROR_STOP=1", f"--host={self.sockets}",
                    f"--username={self.user}", stdin=sql_script(entries), check=True)
        self.stop()

    def command(self):
        return as_user(self.user, self.program("postgres"), "-D", str(self.data), "-h", "127.0.0.1", "-k",
                       str(self.sockets), "-c", "shared_buffers=16MB", "-c", "fsync=off",
                       "-c", "dynamic_shared_memory_type=mmap")

    def answers(self):
        return run_command(self.program("pg_isready"), "--quiet", f"--host={self.sockets}").status == 0

    def access(self, tcp):
        return {"hosts": "127.0.0.1" if tcp else f"unix:{self.sockets}", "user": self.user, "password": "secret",
                "dbname": "postgres"}


class Sqlite(SqlTable):
    """Has no server: "stopped" is a file that is not there, which who has it open does not notice."""

    type = "sqlite"
    user = "root"

    def fill(self, entries):
        self.path, self.elsewhere = self.data / "sites.db", self.data / "elsewhere"
        connection = sqlite3.connect(self.elsewhere)
        connection.executescript(sql_script(entries))
        connection.close()

    def start(self):
        self.elsewhere.rename(self.path)

    def stop(self):
        self.path.rename(self.elsewhere)

    def access(self, tcp):
        return {"dbpath": self.path}
