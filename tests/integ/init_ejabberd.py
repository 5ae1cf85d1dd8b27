#!/usr/bin/python3
"""What `tipringctl init` prints for ejabberd: the commands put phone and gateway into everybody's contact list, and the
component of the printed configuration takes the printed secret."""
import json
import os
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
import servers  # noqa: E402
from lab import Lab  # noqa: E402


class BareEjabberd(servers.Ejabberd):
    users = ("alice", "bob", "tipring")

    def __init__(self, folder):
        super().__init__(folder, users=BareEjabberd.users)

    def roster(self):
        return []  # nobody in the shared group: contacts come from the printed commands only


with Lab("init_ejabberd", server=BareEjabberd) as lab:
    config = os.path.join(lab.folder, "t.conf")
    done = subprocess.run([daemons.TIPRINGCTL, "-c", config, "--json", "init", "--domain", lab.server.phones, "--secret", servers.SECRET,
                           "--room", lab.room, "--password", "pw-100"], capture_output=True, text=True, timeout=20)
    pieces = json.loads(done.stdout)

    with lab.case("the listener and the admin are those that this server runs with"):
        text = pieces["ejabberd"]
        assert f'hosts: {{ "{lab.server.phones}": {{ password: "{servers.SECRET}" }} }}' in text, text
        assert f"gateway@{lab.server.phones}" in text and "access_admin: muc_admin" in text, text

    with lab.case("the commands put phone, guest, gateway and what shared phones are into every contact list"):
        assert lab.server.contacts("alice") == {}
        ctl = "ejabberdctl() { " + shlex.join(lab.server._ctl()) + ' "$@"; }\n'
        done = subprocess.run(["bash", "-ec", ctl + pieces["ejabberd_commands"]], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done
        for user in ("alice", "bob"):
            assert lab.server.contacts(user) == {f"{n}@{lab.server.phones}": "both" for n in ("100", "guest", "gateway", "phones")}
