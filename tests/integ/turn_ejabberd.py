#!/usr/bin/python3
"""ejabberd (mod_stun_disco) names its STUN and TURN servers to a gateway that may ask, and their credentials are good."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from turn_server import SECRET, TurnEjabberd, TurnServer  # noqa: E402

turns = []


class Server(TurnEjabberd):
    def __init__(self, folder):
        super().__init__(folder)
        self.turn = turns[0]


def with_turn(folder):
    turns.append(TurnServer(folder, secret=True).start())
    return Server(folder)


with Lab("turn_ejabberd", server=with_turn) as lab:
    turn = lab.keep(turns[0])
    gateway = lab.daemon(start=False, media={"turn_ca": turn.ca})

    with lab.case("check gets a port from each of them, as the component"):
        done = subprocess.run([daemons.TIPRINGCTL, "-c", gateway.config, "check"], capture_output=True, text=True, timeout=60)
        rows = [r for r in done.stdout.splitlines() if " TURN:" in r]
        assert len(rows) == 2 and all(r.startswith("ok") and "lets us relay" in r for r in rows), done.stdout

    with lab.case("the daemon uses them"):
        gateway.start()
        relays = wait_for("the services", lambda: gateway.ctl("status")["relays"], 10)
        said = {(r["type"], r["transport"], r["port"], bool(r["expires"])) for r in relays}
        assert said == {("stun", "udp", turn.port, False), ("turn", "udp", turn.port, True), ("turn", "tls", turn.tls_port, True)}, relays
        assert SECRET not in gateway.process.log(100000)
