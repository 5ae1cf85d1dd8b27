#!/usr/bin/python3
"""From nothing to a call with what `tipringctl init` writes and prints: its configuration passes the daemon's check, its
pieces are pasted into a Prosody that knows nothing of a gateway, a phone dials in and is heard."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
import servers  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port  # noqa: E402


class PastedProsody(servers.Prosody):
    """A Prosody with users only; everything about rooms and the gateway comes from init."""

    def _write(self, config):
        super()._write(config)  # accounts and ports
        with open(config) as f:
            text = f.read()
        top = text[:text.index("VirtualHost")].replace('groups_file = "', '-- was: "')
        groups = os.path.join(self.folder, "pasted-groups.txt")
        with open(groups, "w") as f:
            f.write(self.pieces["prosody_groups"])
        top += self.pieces["prosody_global"].replace("/etc/prosody/tipring-groups.txt", groups)
        with open(config, "w") as f:
            f.write(top + f'VirtualHost "{self.domain}"\n' + self.pieces["prosody_components"])


class InitLab(Lab):
    def daemon_of_init(self):
        """The daemon with init's file; only what would clash with the rest of the machine is changed."""
        d = daemons.Daemon(self.folder, self.server, [], phones=())
        d.config = self.config
        with open(d.config) as f:
            text = f.read()
        low = free_port() // 2 * 2
        for old, new in [("port = 5347", f"port = {self.server.component}"), ("0.0.0.0:5060", f"127.0.0.1:{d.port}"),
                         ("[ 20000, 29999 ]", f'[ {low}, {low + 999} ]; addresses = [ "127.0.0.1" ]')]:
            assert old in text, f"{old} is not in what init wrote"
            text = text.replace(old, new)
        text += "".join(f"{k} = {daemons.write_value(d.conf[k])};\n" for k in ("store", "control", "http"))
        with open(d.config, "w") as f:
            f.write(text)
        self.gateway = self.keep(d)
        return d.start()

    def init(self, *options):
        self.config = os.path.join(self.folder, "etc", "tipring.conf")
        return subprocess.run([daemons.TIPRINGCTL, "-c", self.config, "init", *options], capture_output=True, text=True,
                              input="phone.example.test\n\nstandup@rooms.example.test\npw-100\n", timeout=20)


def make_server(folder):
    lab.done = lab.init("--json")
    assert lab.done.returncode == 0, lab.done.stderr
    server = PastedProsody(folder)
    server.pieces = json.loads(lab.done.stdout)
    return server


lab = InitLab("init", server=make_server)
with lab:
    with lab.case("four questions, asked on stderr; a secret of its own when none is given"):
        assert lab.done.stderr.count(": ") == 4, lab.done.stderr
        with open(lab.config) as f:
            written = f.read()
        secret = written.split('secret = "')[1].split('"')[0]
        assert len(secret) >= 16 and secret in lab.server.pieces["prosody_components"], written
        assert len(written.splitlines()) <= 17 and os.stat(lab.config).st_mode & 0o777 == 0o640

    with lab.case("the file passes the daemon's own check"):
        done = subprocess.run([daemons.TIPRINGD, "-t", "-c", lab.config], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and done.stderr == "", done.stderr

    with lab.case("a second run does not touch it"):
        done = lab.init()
        assert done.returncode == 1 and "--force" in done.stderr, done
        with open(lab.config) as f:
            assert f.read() == written

    with lab.case("a phone dials into a call with nothing but that"):
        gateway = lab.daemon_of_init()
        alice, dave = lab.peer("alice"), lab.peer("dave")
        for p in (alice, dave):
            p.wait_joined()
        alice.propose()
        dave.wait("proposed", nick="alice")
        dave.accept()
        lab.check_mesh([alice, dave])
        time.sleep(1.6)
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        lab.check_hears([alice, dave], "Phone 100", 1000)
        gateway.let_listen("100", 4)
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 3)

    with lab.case("everybody's contact list has the phone and the gateway"):
        found = lab.server.contacts("bob")
        assert found.get("100@phone.example.test") == found.get("gateway@phone.example.test") == "both", found

    with lab.case("the doctor finds nothing to mend"):
        done = subprocess.run([daemons.TIPRINGCTL, "-c", lab.config, "check"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stdout
