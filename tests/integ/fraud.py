#!/usr/bin/python3
"""Who wants to call at somebody else's cost, to guess his way in, or to be somebody else: each refused with its code and one line of
reason, nothing sent to the trunk, no secret in the log; and the call that runs beside all of it keeps its sound. With sipp."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402
from scenario import Scenario, errors, pause, recv, sdp  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

STRANGER, PBX, GUESSER, THIEF = "127.0.0.3", "127.0.0.2", "127.0.0.4", "127.0.0.5"
PREMIUM = ["+49900123456", "0049900123456", "011449001234567", "00882161234567", "0900123456", "19005550100", "112", "%2B49900123456",
           "+1-900-555-0100", "9,0049900123456", "+49900123456%00"]
PIN, GUESS = "471104", "246813"

with Lab("fraud") as lab:
    port, odd = free_port(), free_port()
    gateway = lab.daemon(
        rooms=[{"number": "8000", "room": lab.room}, {"number": "+493055551", "room": lab.server.make_room("second"), "pin": PIN}],
        phones=[{"number": n, "password": "pw-" + n, "name": "Phone " + n, "max_calls": 20} for n in ("100", "101", "102", "103")],
        media={"spoken_refusals": False}, trunks=[
            # as open as a trunk can be: all that the operator dials may leave by it
            {"name": "pbx", "proxy": f"127.0.0.1:{port}", "transport": "udp", "addresses": [PBX], "keepalive": 0, "country": "49",
             "trust": True, "dial_out": ["!+495*", "*"]},
            {"name": "odd", "proxy": f"127.0.0.1:{odd}", "transport": "udp", "addresses": ["127.0.0.9"], "keepalive": 0, "dial_out": ["+495*"]}])
    world = SipPhone(gateway, "world", port=port)  # what comes here costs money
    gateway.ctl("log", "debug")
    here, target = "[remote_ip]:[remote_port]", f"127.0.0.1:{port}"
    pair = {n: lab.dial(n, tone=tone, codec="PCMA") for n, tone in (("100", 700), ("101", 1100))}
    for n in pair:
        gateway.wait_talking(n)
    running = {n: gateway.call(n)["id"] for n in pair}

    def log(since=0):
        return gateway.process.log().splitlines()[since:]

    def refusals(since, *words):
        """Lines that say no: one event each, with its reason."""
        said = [line for line in log(since) if re.match(r"\w+ (sip-refused|call-refused|sip-challenge|sip-auth-failed|sip-offer-refused) ", line)]
        return [line for line in said if all(w in line for w in words)]

    def nothing_left():
        wait_for("all other calls to end", lambda: len(gateway.calls()) <= len(pair), 10)
        assert not world.asked, world.asked
        assert {n: (gateway.call(n) or {}).get("id") for n in pair} == running and len(gateway.calls()) == len(pair), gateway.calls()

    def attempts(name, ip, rows, user="mallory"):
        """An INVITE for each row: Request-URI, headers, what Via has besides, the code of the refusal. All in one scenario."""
        since, s = len(log()), Scenario(lab, user, ip=ip)
        for uri, headers, via, code in rows:
            s.another().request("INVITE", headers, sdp(), tag=False, uri=uri, via=via).add(recv(100, True), recv(code))
            s.request("ACK", cseq=1, refused=True, uri=uri, via=via)
        s.check(name)
        nothing_left()
        return since

    NUMBERS = [f"sip:{n}@{here}" for n in PREMIUM]
    FORMS = [f"sip:+49900123456@{here};user=phone", f"sip:0900123456;phone-context=+49@{here};user=phone", f"sip:+49900123456@{target}",
             "sip:+49900123456@provider.example.test", f"sip:+49900123456@{here};maddr=127.0.0.1", f"sip:8000@{here};maddr=127.0.0.1",
             "tel:+49900123456", "tel:0900123456;phone-context=+49"]
    TRICKS = ["P-Asserted-Identity: <sip:100@127.0.0.1>", "P-Preferred-Identity: <tel:+49301>", "Remote-Party-ID: <sip:100@127.0.0.1>;party=calling;screen=yes",
              "Diversion: <sip:100@127.0.0.1>;reason=unconditional", "History-Info: <sip:100@127.0.0.1>;index=1", f"Route: <sip:{target};lr>",
              f"Record-Route: <sip:{target};lr>", "Referred-By: <sip:100@127.0.0.1>", "From: <sip:100@127.0.0.1>;tag=x", "X-Authenticated: yes",
              "Authorization: Basic MTAwOnB3LTEwMA==", 'Proxy-Authorization: Digest username="100", realm="x", nonce="x", uri="x", response="x"']

    with lab.case("a stranger: whatever is dialled and whoever it is said to be, 401", go_on=True):
        rows = [(u, "", "", 401) for u in NUMBERS + FORMS] + [(f"sip:0049900123456@{here}", t, "", 401) for t in TRICKS if "From" not in t]
        rows.append((f"sips:+49900123456@{here}", "", "", 403))
        since = attempts("stranger", STRANGER, rows, user="100")
        assert len(refusals(since, "sip-challenge", "method=INVITE", STRANGER)) == len(rows) - 1, refusals(since)
        assert len(refusals(since, "status=403", "sips without TLS")) == 1

    with lab.case("from the telephone system's own address: rooms and menus, and nothing that costs", go_on=True):
        rows = [(u, "", "", 404) for u in NUMBERS + FORMS if "8000@[" not in u and u != f"sip:8000@{here};maddr=127.0.0.1"]
        rows += [(f"sip:0049900123456@{here}", t, "", 404) for t in TRICKS if not t.startswith(("From", "Authorization"))]
        since = attempts("pbx", PBX, rows)
        assert len(refusals(since, "call-refused", "trunk=pbx", PBX, "code=404")) == len(rows), refusals(since)
        since = attempts("maddr", PBX, [(f"sip:8000@{here}", "", f";maddr={PBX}", 400), (f"sip:0049900123456@{here}", "", f";maddr={PBX}", 400)])
        assert len(refusals(since, "status=400", "maddr from a trunk", PBX)) == 2

    with lab.case("a phone of ours calls no number outside, whatever it says of itself", go_on=True):
        for i, (number, trick) in enumerate((("0049900123456", ""), ("+49900123456", TRICKS[0]), ("011449001234567", TRICKS[3]),
                                             ("0900123456", TRICKS[5]), ("101", TRICKS[2]))):
            since = len(log())
            Scenario(lab, "103", number).invite(trick, sdp()).add(recv(404)).request("ACK", cseq=2, refused=True).check(f"phone{i}")
            assert len(refusals(since, "call-refused", "phone=103", "code=404")) == 1, refusals(since)
            nothing_left()

    with lab.case("REFER: outside of a call, out of a call of the trunk, out of one of a phone: nobody is called", go_on=True):
        s = Scenario(lab, "mallory", ip=PBX)
        for refer_to in (f"sip:+49900123456@{target}", f"sip:8000@{here}"):
            s.another().request("REFER", f"Refer-To: <{refer_to}>", tag=False).add(recv(405))
        s.add(pause(1200)).check("refer_alone")  # and no NOTIFY to wherever the Contact says: that would fail this
        assert len(refusals(0, "method=REFER", "status=405")) == 2
        for name, ip, begin in (("refer_trunk", PBX, lambda s: s.request("INVITE", body=sdp(), tag=False).add(recv(100, True), recv(180, True), recv(200)).request("ACK", cseq=1)),
                                ("refer_phone", "127.0.0.1", lambda s: s.call())):
            since, s = len(log()), begin(Scenario(lab, "103", ip=ip))
            for refer_to in (f"sip:+49900123456@{target}", f"sip:+49900123456@{target};user=phone", "sip:0900123456@provider.example.test"):
                s.request("REFER", f"Refer-To: <{refer_to}>").add(recv(403))
            s.request("REFER", "Refer-To: <tel:+49900123456>").add(recv(400))
            s.add(pause(200)).bye().check(name)
            assert len(refusals(since, "method=REFER", "reason=")) == 4, refusals(since)
            wait_for("its call to end", lambda: len(gateway.calls()) == len(pair), 10)
            nothing_left()

    with lab.case("302 to a number outside: of a phone, of a trunk: not followed", go_on=True):
        for name, number, at, first in (("moved_phone", "102", free_port(), True), ("moved_trunk", "+495012345", odd, False)):
            if first:
                s = Scenario(lab, "102", "102").request("REGISTER", tag=False).add(recv(401, rest='auth="true"'))
                s.request("REGISTER", "[authentication username=102 password=pw-102]\nExpires: 60", tag=False).add(recv(200))
                p = s.run(name + "_register", port=at)
                assert p.wait(15) == 0, errors(lab.folder, name + "_register", p.pid)
            s = Scenario(lab, "102", "102").add(recv("INVITE"))
            s.add(f"<send><![CDATA[\nSIP/2.0 302 Moved Temporarily\n[last_Via:]\n[last_From:]\n[last_To:];tag=moved\n[last_Call-ID:]\n[last_CSeq:]\n"
                  f"Contact: <sip:+49900123456@{target}>\nContent-Length: 0\n\n]]></send>", recv("ACK"))
            p = s.run(name, port=at)
            wait_for("sipp to listen", lambda: f":{at:04X} " in open("/proc/net/udp").read(), 10)
            call = gateway.ctl("call", "dial", number, "8000")["id"]
            record = wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 15)
            assert (record["cause"], record["sip_status"]) == ("rejected", 302), record
            assert p.wait(15) == 0, errors(lab.folder, name, p.pid)
            nothing_left()

    with lab.case("passwords are guessed: slowed, banned, and status says so; the phone itself is not shut out", go_on=True):
        since, s = len(log()), Scenario(lab, "103", "103", ip=GUESSER)
        for n in range(7):
            s.another().request("REGISTER", tag=False).add(recv(401, rest='auth="true"'))
            s.request("REGISTER", f"[authentication username=103 password=guess{n}]\nExpires: 60", tag=False).add(recv(401 if n < 5 else 403))
        s.check("guess")
        assert len(refusals(since, "sip-auth-failed", "user=103", GUESSER)) == 5, refusals(since)
        assert len(refusals(since, "reason=banned", "user=103", GUESSER)) == 2, refusals(since)
        bans = [b for b in gateway.ctl("status")["guard"]["bans"] if b["source"] == GUESSER]
        assert len(bans) == 1 and bans[0]["user"] == "103", bans
        s = Scenario(lab, "103", "103").request("REGISTER", tag=False).add(recv(401, rest='auth="true"'))
        s.request("REGISTER", "[authentication username=103 password=pw-103]\nExpires: 60", tag=False).add(recv(200)).check("itself")

    with lab.case("replayed answers, made-up nonces, another realm, other schemes: 401, and nobody is registered", go_on=True):
        s = Scenario(lab, "102", "102").request("REGISTER", tag=False).add(recv(401, rest='auth="true"'))
        s.request("REGISTER", "[authentication username=102 password=pw-102]\nExpires: 60", tag=False).add(recv(200))
        p = s.run("honest", "-trace_msg", port=free_port())
        assert p.wait(15) == 0, errors(lab.folder, "honest", p.pid)
        with open(glob.glob(lab.file(f"honest_{p.pid}_messages.log"))[0]) as f:
            good = re.findall(r"^(Authorization: .*?)\r?$", f.read(), re.M)[0]
        before = next(p for p in gateway.ctl("phone", "list") if p["number"] == "102")["contacts"]
        realm = re.search(r'realm="([^"]*)"', good).group(1)
        rows = [good, re.sub(r'nonce="[^"]*"', 'nonce="' + "0" * 64 + '"', good), good.replace(f'realm="{realm}"', 'realm="elsewhere"'),
                re.sub(r"nc=\w+", "nc=00000001", good), 'Authorization: Digest username="102"', "Authorization: Basic MTAyOnB3LTEwMg=="]
        for name, ip in (("replay_there", THIEF), ("replay_here", "127.0.0.1")):
            s = Scenario(lab, "102", "102", ip=ip)
            for row in rows:
                s.another().request("REGISTER", row + "\nExpires: 60", tag=False).add(recv(401))
            s.check(name)
        assert next(p for p in gateway.ctl("phone", "list") if p["number"] == "102")["contacts"] == before

    with lab.case("PINs are guessed by a caller from the trunk: the call ends, status names the caller, the PIN is nowhere", go_on=True):
        since, s = len(log()), Scenario(lab, "03066666", "03055551", ip=PBX)
        s.request("INVITE", body=sdp(), tag=False).add(recv(100, True), recv(180, True), recv(200)).request("ACK", cseq=1)
        for n in range(3):
            for key in GUESS + "#":
                s.request("INFO", body=key, kind="application/dtmf").add(recv(200))
            if n < 2:
                wait = pause(1500)
                s.add(wait)
        s.add(recv("BYE", check="Reason: Q.850;cause=21")).answer("200 OK").check("pins", 40)
        wait_for("three lines", lambda: len([x for x in log(since) if "pin-wrong" in x and "trunk=pbx" in x]) == 3, 10)
        slowed = gateway.ctl("status")["guard"]
        assert "pbx 03066666" in str(slowed), slowed
        wait_for("its call to end", lambda: len(gateway.calls()) == len(pair), 10)
        nothing_left()

    with lab.case("a trunk that answers nonsense: the call ends with a reason, and is hung up there", go_on=True):
        no_contact = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=odd\n[last_Call-ID:]\n[last_CSeq:]\n{}Content-Length: [len]\n\n{}"
        for name, answer, goodbye, cause in (
                ("no_description", no_contact.format(f"Contact: <sip:x@127.0.0.1:{odd}>\n", ""), True, "bad-request"),
                ("words", no_contact.format(f"Contact: <sip:x@127.0.0.1:{odd}>\nContent-Type: application/sdp\n", "hello"), True, "bad-request"),
                ("strange_contact", no_contact.format("Contact: <tel:+49900123456>\nContent-Type: application/sdp\n", sdp()), True, "bad-request"),
                ("strange_status", "SIP/2.0 699 What\n[last_Via:]\n[last_From:]\n[last_To:];tag=odd\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n", False, None)):
            since, s = len(log()), Scenario(lab, "x").add(recv("INVITE"), f"<send><![CDATA[\n{answer}\n]]></send>", recv("ACK"))
            p = (s.add(recv("BYE")).answer("200 OK") if goodbye else s).run(name, port=odd)
            wait_for("sipp to listen", lambda: f":{odd:04X} " in open("/proc/net/udp").read(), 10)
            call = gateway.ctl("call", "dial", "+495012345", "8000")["id"]
            assert p.wait(20) == 0, (name, errors(lab.folder, name, p.pid))
            record = wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 15)
            assert record["cause"] == cause or not cause and record["sip_status"] == 699, (name, record)
            assert any("call-ended" in line and call in line for line in log(since))
        nothing_left()

    with lab.case("after all this: no secret in the log, nothing at the trunk, and the two have heard each other all the time"):
        text = gateway.process.log()
        for secret in (PIN, GUESS, "pw-10", "guess0", "guess6", "response="):
            assert secret not in text, secret
        nothing_left()
        for n, other in (("100", 1100), ("101", 700)):
            code, heard = pair[n].hang_up()
            assert code == 0 and heard["ended_by"] == "us", heard
            assert_heard(heard, other, heard["duration_s"] * 0.8, "phone " + n)
        gateway.wait_idle()
    world.stop()
