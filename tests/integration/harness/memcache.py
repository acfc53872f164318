"""A memcache server (see memcache_table(5)) that knows how to be asked, and nothing else."""

import socketserver
import threading


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                word, _, key = line.decode().strip().partition(" ")
                value = self.server.entries.get(key) if word == "get" else None
                if value is not None:
                    self.wfile.write(f"VALUE {key} 0 {len(value)}\r\n{value}\r\n".encode())
                self.wfile.write(b"END\r\n" if word == "get" else b"ERROR\r\n")
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class Memcache:
    """Made with its entries, and the port of 127.0.0.1 that it is to be asked on."""

    def __init__(self, entries, port):
        self.port = port
        self.server = None
        self.entries = entries
        self.start()

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Conversation)
        self.server.entries = self.entries
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self):
        """The text of a .cf file."""
        return f"memcache = inet:127.0.0.1:{self.port}\n"
