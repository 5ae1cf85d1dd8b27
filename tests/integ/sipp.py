#!/usr/bin/python3
"""sipp as a phone that sends back what it hears: digest, INVITE, RTP, BYE; and a burst of calls."""
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from procs import Process, free_port  # noqa: E402
from servers import Missing  # noqa: E402

INVITE = """<send retrans="500"><![CDATA[
INVITE sip:8000@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "sipp" <sip:103@[remote_ip]>;tag=[call_number]
To: <sip:8000@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: {cseq} INVITE
Contact: <sip:103@[local_ip]:[local_port]>
Max-Forwards: 70
{auth}Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
]]></send>"""
SIMPLE = """<send{retrans}><![CDATA[
{method} sip:8000@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch{back}]
From: "sipp" <sip:103@[remote_ip]>;tag=[call_number]
To: <sip:8000@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} {method}
Max-Forwards: 70
Content-Length: 0
]]></send>"""
SCENARIO = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="call">
{first}
<recv response="100" optional="true"/>
<recv response="401" auth="true"/>
{ack1}
{second}
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="true"/>
{ack2}
<pause milliseconds="{ms}"/>
{bye}
<recv response="200"/>
</scenario>
"""


def sipp(lab, name, ms, *options):
    path = os.path.join(lab.folder, name + ".xml")
    auth = "[authentication username=103 password=pw-103]\n"
    with open(path, "w") as f:
        f.write(SCENARIO.format(
            first=INVITE.format(cseq=1, auth=""), second=INVITE.format(cseq=2, auth=auth), ms=ms,
            ack1=SIMPLE.format(method="ACK", cseq=1, retrans="", back="-3"), ack2=SIMPLE.format(method="ACK", cseq=2, retrans="", back=""),
            bye=SIMPLE.format(method="BYE", cseq=3, retrans=' retrans="500"', back="")))
    return lab.keep(Process(name, ["sipp", f"127.0.0.1:{lab.gateway.port}", "-sf", path, "-i", "127.0.0.1", "-p", str(free_port()),
                                   "-mp", str(free_port()), "-rtp_echo", "-nostdin", "-auth_uri",
                                   f"8000@127.0.0.1:{lab.gateway.port}", "-trace_err", "-timeout", "90", *options],
                            lab.folder, cwd=lab.folder))


with Lab("sipp") as lab:
    if not shutil.which("sipp"):
        raise Missing("sipp is not installed")
    gateway = lab.daemon(phones=[{"number": "103", "password": "pw-103", "name": "Phone 103", "max_calls": 40}],
                         rooms=[{"number": "8000", "room": lab.room}, {"number": "8101", "room": lab.server.jid("bob"), "flavour": "direct"}])
    alice, dave, bob = lab.browser("alice"), lab.peer("dave"), lab.person("bob")
    for p in (alice, dave):
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh([alice, dave])
    time.sleep(1.6)

    with lab.case("its echo brings everybody's tone back: sound went to the phone and came from it"):
        phone = sipp(lab, "echo", 9000, "-m", "1")
        gateway.wait_talking("103", peers=2)
        for p in (alice, dave):
            p.wait_hears("Phone 103", 440)
            p.wait_hears("Phone 103", 550)
        assert phone.wait(40) == 0, phone.log(15)
        gateway.wait_idle()

    with lab.case("30 calls over UDP, five a second"):
        burst = sipp(lab, "burst", 1500, "-m", "30", "-r", "5", "-l", "12")
        assert burst.wait(90) == 0, burst.log(15)
        gateway.wait_idle()

    with lab.case("10 calls over TCP"):
        burst = sipp(lab, "tcp", 1000, "-m", "10", "-r", "5", "-t", "t1")
        assert burst.wait(60) == 0, burst.log(15)
        gateway.wait_idle()
        lab.check_mesh([alice, dave])

    for transport, flags in (("UDP", []), ("TCP", ["--tcp"])):
        with lab.case(f"registered, called, held, offered late, refused: each scenario of sip/, over {transport}", go_on=True):
            at = time.monotonic()
            all_of_them = lab.keep(Process("scenarios-" + transport, [
                sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "sip/scenarios.py"),
                f"127.0.0.1:{gateway.port}", "8000", "103", "pw-103", "--ringing", "8101", *flags], lab.folder))
            bob.wait("jmi", timeout=60, since=at, action="propose")
            bob.command("ring")  # and is given up on
            assert all_of_them.wait(120) == 0, all_of_them.log(60)
            assert all_of_them.log(100).count("\nok ") == 10, all_of_them.log(100)
            gateway.wait_idle()
