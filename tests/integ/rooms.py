#!/usr/bin/python3
"""Rooms that are particular about who is in them, on a server where the gateway is nobody special: moderated, with a password,
hiding who is there, for members only. Joined where that is possible, else the caller hears why, and the operator reads it."""
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import servers  # noqa: E402
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sound import loudest  # noqa: E402

KIND = sys.argv[1] if len(sys.argv) > 1 else "prosody"
BASE = {"prosody": servers.Prosody, "ejabberd": servers.Ejabberd}[KIND]
ADMIN = {"prosody": 'admins = { "gateway@phone.example.test" }', "ejabberd": "access_admin: muc_admin"}[KIND]
ADMIN_FILE = {"prosody": "prosody.cfg.lua", "ejabberd": "ejabberd.yml"}[KIND]
MODERATED = {"muc#roomconfig_moderatedroom": "1", **({"members_by_default": "0"} if KIND == "ejabberd" else {})}


def with_password(password):
    return {"muc#roomconfig_passwordprotectedroom": "1", "muc#roomconfig_roomsecret": password}


class Server(BASE):
    """Nobody's component is an admin of its rooms."""

    def _write(self, *config):
        super()._write(*config)
        path = os.path.join(self.folder, ADMIN_FILE)
        with open(path) as f:
            text = f.read()
        assert ADMIN in text
        with open(path, "w") as f:  # as it was: owner and mode stay
            f.write(text.replace(ADMIN, ""))


with Lab("rooms", server=Server) as lab:
    closed, secret, wrong, hidden, members = (
        lab.server.make_room("moderated", config=MODERATED), lab.server.make_room("secret", config=with_password("sesame")),
        lab.server.make_room("wrong", config=with_password("sesame")), lab.server.make_room("hidden", whois="moderators"),
        lab.server.make_room("members", members_only=True))
    gateway = lab.daemon(
        rooms=[{"number": "8000", "room": closed}, {"number": "8001", "room": secret, "password": "sesame"},
               {"number": "8002", "room": wrong, "password": "simsalabim"}, {"number": "8003", "room": hidden}, {"number": "8004", "room": members}],
        media={"prompts": lab.prompts()})
    owner = lab.keep(Contact(lab.server, "tipring")).enter(closed, "owner")

    def give_voice(nick):
        owner.send(f"<iq type='set' id='{uuid.uuid4().hex}' to='{closed}'><query xmlns='http://jabber.org/protocol/muc#admin'>"
                   f"<item nick='{nick}' role='participant'/></query></iq>")

    def last(phone):
        return next((c for c in gateway.ctl("history") if c["phone"] == phone), None)

    def trace(call):
        return str(gateway.ctl("call", "trace", call["id"]))

    with lab.case("moderated: a request for voice; given, the phone is in the call"):
        alice = lab.peer("alice", room=closed).wait_joined()
        give_voice("alice")
        ua = lab.dial("100")
        gateway.wait_state("100", "waiting")
        wait_for("a request for voice", lambda: "muc#request" in "".join(str(servers.ET.tostring(m)) for m in list(owner.messages)), 10)
        give_voice("Phone 100")
        alice.wait("proposed", nick="Phone 100")
        alice.accept()
        gateway.wait_talking("100")
        alice.wait_hears("Phone 100", 1000)
        ua.hang_up()
        alice.hangup()
        gateway.wait_idle()

    with lab.case("with the right password: let in"):
        ua = lab.dial("101", to="8001")
        gateway.wait_state("101", "waiting")
        ua.hang_up()
        gateway.wait_idle()

    silent = lab.file("silent.wav")
    unheard = lab.dial("103", tone=0, record=silent)  # it takes its time: somebody might give it voice. (ejabberd remembers who had it)
    REFUSED = {"100": ("8002", "the room's password is missing or wrong"), "101": ("8003", "the room hides real JIDs"),
               "102": ("8004", "make 102@phone.example.test a member of")}
    phones = {n: lab.dial(n, to=to, tone=0) for n, (to, _) in REFUSED.items()}

    for number, (to, reason) in REFUSED.items():
        with lab.case(f"{reason}: 403, with the reason in words, and for the operator", go_on=True):
            code, document = phones[number].result(30)
            assert document["status"] == 403 and document["first_audio_ms"] is not None, document
            assert document["packets_received"] > 60, f"no reason is heard: {document}"
            record = wait_for("the record", lambda: last(number) if (last(number) or {}).get("sip_status") == 403 else None, 10)
            assert record["cause"] == "forbidden" and reason in trace(record), trace(record)
            assert reason in gateway.process.log(400)

    with lab.case("moderated, and nobody gives voice: told so after a while"):
        code, document = unheard.result(40)
        assert document["status"] == 200 and document["ended_by"] == "them", document
        end = document["duration_s"]
        assert loudest(silent, end - 3, end) > -40, "no reason is heard"
        record = wait_for("the record", lambda: (last("103") or {}).get("cause") == "forbidden" and last("103"), 10)
        assert "the room is moderated: give this occupant voice" in trace(record), trace(record)
        assert "the room is moderated" in gateway.process.log(400)
        gateway.wait_idle()

    with lab.case("the rooms that keep the gateway out are named"):
        problems = {r["number"]: r["problem"] for r in gateway.ctl("room", "list")}
        assert not problems["8000"] and not problems["8001"] and all(problems[n] for n in ("8002", "8003", "8004")), problems
