"""Serves the test page on loopback, takes the events of its browsers and hands them commands: no driver, no node.

Alone (`page_server.py [PORT]`) it just serves the page for a person's own browser.
"""
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "page")
STROPHE = "/usr/share/javascript/strophe/strophe.min.js"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class PageServer:
    def __init__(self, port=0):
        self.ready = threading.Condition()
        self.commands, self.listeners = {}, {}
        self.files = {"strophe.js": STROPHE}  # name -> path, beside those of the page
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                if url.path == "/cmd":
                    who = urllib.parse.parse_qs(url.query).get("who", [""])[0]
                    return self.answer(json.dumps(outer.take(who)).encode(), "application/json")
                name = "index.html" if url.path == "/" else url.path[1:]
                path = outer.files.get(name) or os.path.join(PAGE, name)
                if name not in outer.files and name not in os.listdir(PAGE):
                    return self.send_error(404)
                with open(path, "rb") as f:
                    self.answer(f.read(), TYPES.get(os.path.splitext(name)[1], "application/octet-stream"))

            def do_POST(self):
                if self.path != "/event":
                    return self.send_error(404)
                event = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1 << 20)))
                outer.listeners.get(event.get("who"), lambda _: None)(event)
                self.answer(b"", "text/plain")

            def answer(self, body, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # a browser that is ended in the middle of a request is no error of ours

        self.http = Quiet(("127.0.0.1", port), Handler)
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def command(self, who, name, *args):
        with self.ready:
            self.commands.setdefault(who, []).append({"name": name, "args": args})
            self.ready.notify_all()

    def take(self, who, patience=20):
        end = time.monotonic() + patience
        with self.ready:
            while not self.commands.get(who) and time.monotonic() < end:
                self.ready.wait(end - time.monotonic())
            return self.commands.pop(who, [])

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


if __name__ == "__main__":
    server = PageServer(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(server.url, flush=True)
    threading.Event().wait()
