#!/usr/bin/python3
"""Numbers that leave by a trunk: dialled by the operator, asked for by an invitation; both hear each other, the number is masked
in the room, and nothing leaves without a rule."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from daemon import TIPRINGCTL, Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402
from sip_phone import SipPhone, header  # noqa: E402

TONE, NICK = 1000, "+49 30 \u2022\u2022\u2022 67"

with Lab("dial_away") as lab:
    port = free_port()
    gateway = lab.daemon(sip={"ring_limit": 6}, trunks=[
        {"name": "provider", "proxy": f"127.0.0.1:{port}", "transport": "udp", "country": "49", "format": "national",
         "dial_out": ["!+493090*", "+4930*"], "dial_out_by": [lab.server.jid("alice")], "max_calls": 1, "keepalive": 1}])
    world = SipPhone(gateway, "world", port=port)  # every number of the world is there
    jid = lambda n: f"{n}@{lab.server.phones}"  # noqa: E731
    wait_for("the trunk to be up", lambda: gateway.ctl("trunk", "list")[0]["state"] == "up", 30)
    dave = lab.peer("dave").wait_joined()
    alice, bob = (lab.keep(Contact(lab.server, u)).enter(lab.room, u.capitalize()) for u in ("alice", "bob"))

    def refused(number):
        done = subprocess.run([TIPRINGCTL, "-s", gateway.socket, "call", "dial", number, "8000"], capture_output=True, text=True, timeout=15)
        assert done.returncode == 1, (done.returncode, done.stdout)
        return done.stderr

    def away():
        return next((c for c in gateway.calls() if c["trunk"] == "provider"), None)

    def ended(call):
        return wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 15)

    def refusal(texts, *words):
        return wait_for("a refusal with " + " ".join(words), lambda: next((t for t in texts() if all(w in t for w in words)), None), 10)

    with lab.case("nothing leaves without a rule, whoever wants it"):
        for number in ("+44207946000", "+49309012345", "0044207946000", "011442079460", "12"):
            assert "no rule lets it leave" in refused(number), number
        bob.invite(lab.room, jid("+49301234567"))
        refusal(lambda: bob.declined(lab.room), "+49 30", "67", "no rule lets you have that number called")
        alice.invite(lab.room, jid("+49309012345"))
        refusal(lambda: alice.declined(lab.room), "no rule lets you have that number called")
        assert world.count("INVITE") == 0 and not gateway.calls()

    with lab.case("busy: the inviter is told, without the number"):
        world.manner = "busy"
        alice.invite(lab.room, jid("+49301234567"))
        told = refusal(lambda: alice.declined(lab.room), "is busy")
        assert "1234567" not in told and "+49 30" in told, told
        said = refusal(lambda: alice.bodies(f"{lab.room}/Telephone gateway"), "is busy")
        assert "1234567" not in said, said
        assert world.invite.startswith("INVITE sip:0301234567@"), world.invite
        assert "8000" in header(world.invite, "From"), world.invite

    with lab.case("nobody answers: CANCEL, and the cause"):
        world.manner = "ring"
        call = gateway.ctl("call", "dial", "030 1234567", "8000")["id"]
        wait_for("it to ring", lambda: world.count("INVITE") >= 2, 10)
        assert "all lines of the trunk" in refused("+49307654321")
        record = ended(call)
        assert (record["cause"], record["direction"], record["trunk"], record["phone"]) == ("timeout", "out", "provider", None), record
        wait_for("CANCEL", lambda: world.count("CANCEL") >= 1, 5)

    with lab.case("answered: both hear each other, shown as guest and masked"):
        world.stop()
        far = lab.keep(Ua(lab.folder, "far", "answer", "--listen", f"127.0.0.1:{port}", "--tone", TONE, "--transport", "udp"))
        lab.phones.append(far)
        wait_for("the far end to listen", lambda: "listening" in far.process.log(5), 10)
        wait_for("the trunk to be up", lambda: gateway.ctl("trunk", "list")[0]["state"] == "up", 60)
        dave.propose()
        alice.invite(lab.room, jid("+49301234567"))
        call = wait_for("the call to talk", lambda: (lambda c: c and c["state"] == "talking" and c)(away()), 20)
        assert (call["nick"], call["caller"]) == (NICK, "+49301234567"), call
        lab.check_hears([dave], NICK, TONE)
        assert any(j.startswith(f"guest@{lab.server.phones}/") for n, j in dave.room.items() if n == NICK), dave.room
        wait_for("a second of sound", lambda: (away()["sip"]["packets_out"] or 0) > 60, 15)
        gateway.ctl("call", "hangup", call["id"])
        gateway.wait_idle()
        wait_for("the far end's result", far.documents, 10)
        assert_heard(far.documents()[-1], 550, 0.3)
