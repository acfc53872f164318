"""A socketmap server (see socketmap_table(5)), as Mailu's admin container is one for its Postfix."""

import socketserver
import threading


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while True:
                digits = b""
                while not digits.endswith(b":"):
                    digit = self.rfile.read(1)
                    if not digit:
                        return
                    digits += digit
                request = self.rfile.read(int(digits[:-1]) + 1)[:-1].decode()
                reply = self.server.reply(*request.split(" ", 1)).encode()
                self.wfile.write(b"%d:%s," % (len(reply), reply))
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class Socketmap:
    """Made with the entries of its maps: {"domain": {"customer.tld": "yes"}}."""

    def __init__(self, maps, port):
        self.maps = maps
        self.server = Server(("127.0.0.1", port), Conversation)
        self.server.reply = self.reply
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, name, key):
        if name not in self.maps:
            return "PERM no such map"
        # As Mailu's does: Postfix asks a socketmap for whole addresses only.
        value = self.maps[name].get(key, self.maps[name].get(key.rsplit("@")[-1]))
        return "NOTFOUND " if value is None else f"OK {value}"
