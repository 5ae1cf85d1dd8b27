#!/usr/bin/python3
"""Two gateways, each the other's trunk: a call from one's room into the other's joins the two, and who is in either hears the other."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import Daemon  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from servers import PASSWORD  # noqa: E402

NUMBER = "+49308000"  # of the room there

with Lab("trunk_pair") as lab:
    there_room = lab.server.make_room("elsewhere", False, ())
    there = lab.keep(Daemon(lab.file("there"), lab.server, [{"number": NUMBER, "room": there_room}], phones=()))
    here = lab.daemon(trunks=[{"name": "sister", "proxy": f"127.0.0.1:{there.port}", "transport": "tcp", "dial_out": ["+4930*"], "keepalive": 1}])
    # one component name is all that the server has: the other gateway comes as an account
    there.conf["xmpp"] = {"mode": "client", "jid": lab.server.jid("tipring"), "password": PASSWORD, "host": "127.0.0.1", "port": lab.server.c2s,
                          "tls": "off"}
    there.conf["trunks"] = [{"name": "main", "proxy": f"127.0.0.1:{here.port}", "addresses": ["127.0.0.1"], "keepalive": 1}]
    there.write()
    there.start()
    alice, bob = lab.peer("alice"), lab.peer("bob", room=there_room)
    for p in (alice, bob):
        p.wait_joined()

    with lab.case("each finds the other up"):
        for gateway in (here, there):
            wait_for("the trunk to be up", lambda: gateway.ctl("trunk", "list")[0]["state"] == "up", 30)

    with lab.case("dialled from here: one call here, one there, and everybody hears everybody"):
        alice.propose()
        bob.propose()
        call = here.ctl("call", "dial", NUMBER, "8000")["id"]
        ours = wait_for("the call here to talk", lambda: (lambda c: c["state"] == "talking" and c)(here.ctl("call", "show", call)), 25)
        theirs = wait_for("the call there to talk", lambda: next((c for c in there.calls() if c["state"] == "talking"), None), 25)
        assert (ours["trunk"], ours["direction"], theirs["trunk"], theirs["direction"]) == ("sister", "out", "main", "in"), (ours, theirs)
        lab.check_hears([alice], ours["nick"], bob.tone)
        lab.check_hears([bob], theirs["nick"], alice.tone)

    with lab.case("hung up there: it is over here, too"):
        there.ctl("call", "hangup", theirs["id"])
        for gateway in (there, here):
            gateway.wait_idle()
        assert here.ctl("call", "show", call)["cause"] == "normal"
