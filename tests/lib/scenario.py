"""sipp scenarios put together from steps: what a telephone says and what it wants to hear."""
import os
import shutil

from procs import Process, free_port
from servers import Missing

SDP = """v=0
o=sipp 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 {address}
t=0 0
m=audio {port} RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
{more}"""


def sdp(more="a=sendrecv", version=1, address="[local_ip]", port="[media_port]"):
    return SDP.format(more=more, version=version, address=address, port=port)


def recv(what, optional=False, check="", rest=""):
    """what: a status or a method. check: a regular expression that the message must match."""
    kind = "response" if str(what).isdigit() else "request"
    inside = f'<action><ereg regexp="{check}" search_in="msg" check_it="true" assign_to="seen"/></action>' if check else ""
    if optional:
        rest += ' optional="true"'
    return f'<recv {kind}="{what}" {rest}>{inside}</recv>'


def pause(ms):
    return f'<pause milliseconds="{ms}"/>'


class Scenario:
    """One call of a phone, at an address of this machine."""

    def __init__(self, lab, phone="103", to="8000", ip="127.0.0.1"):
        self.lab, self.phone, self.to, self.ip, self.cseq, self.steps, self.invite_at = lab, phone, to, ip, 0, [], 0
        self.prefix = 0  # of the Call-ID, when one scenario has several calls

    def add(self, *steps):
        self.steps += steps
        return self

    def another(self):
        """What follows is a call of its own."""
        self.prefix, self.cseq = self.prefix + 1, 0
        return self

    def request(self, method, headers="", body=None, tag=True, cseq=None, refused=False, hops=70, uri=None, via="", kind="application/sdp"):
        """refused: the CANCEL of the last INVITE, or the ACK of its refusal: both go by its own branch. kind: of the body."""
        branch = f"[branch-{len(self.steps) - self.invite_at}]" if refused else "[branch]"
        if method == "INVITE":
            self.invite_at = len(self.steps)
        self.cseq += method not in ("ACK", "CANCEL") and cseq is None
        lines = [f"{method} {uri or f'sip:{self.to}@[remote_ip]:[remote_port]'} SIP/2.0",
                 f"Via: SIP/2.0/[transport] [local_ip]:[local_port];rport{via};branch={branch}", f"Max-Forwards: {hops}",
                 f'From: "sipp" <sip:{self.phone}@[remote_ip]>;tag=[pid]f[call_number]',
                 f"To: <sip:{self.to}@[remote_ip]>" + ("[peer_tag_param]" if tag else ""), "Call-ID: " + (f"{self.prefix}///" if self.prefix else "") + "[call_id]",
                 f"CSeq: {cseq or self.cseq} {method}", f"Contact: <sip:{self.phone}@[local_ip]:[local_port]>"]
        lines += [h for h in headers.split("\n") if h]
        if body is not None:
            lines.append("Content-Type: " + kind)
        text = "\n".join(lines + ["Content-Length: [len]", "", body or ""])
        resend = "" if method == "ACK" else ' retrans="500"'
        return self.add(f"<send{resend}><![CDATA[\n{text}\n]]></send>")

    def answer(self, status, headers="", body=None):
        """To the last request that came."""
        lines = [f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]",
                 f"Contact: <sip:{self.phone}@[local_ip]:[local_port]>"]
        if "tag=" in headers:
            lines[3], headers = "[last_To:];" + headers.split("\n")[0], "\n".join(headers.split("\n")[1:])
        lines += [h for h in headers.split("\n") if h]
        if body is not None:
            lines.append("Content-Type: application/sdp")
        text = "\n".join(lines + ["Content-Length: [len]", "", body or ""])
        return self.add(f"<send><![CDATA[\n{text}\n]]></send>")

    def invite(self, headers="", body=None):
        """Through the challenge."""
        self.request("INVITE", headers, body, tag=False)
        self.add(recv(100, True), recv(401, rest='auth="true"')).request("ACK", cseq=self.cseq, refused=True)
        auth = f"[authentication username={self.phone} password=pw-{self.phone}]"
        return self.request("INVITE", (headers + "\n" + auth).strip(), body, tag=False).add(recv(100, True))

    def call(self, headers="", body=None):
        """Until it is up."""
        self.invite(headers, sdp() if body is None else body).add(recv(180, True), recv(200))
        return self.request("ACK", cseq=self.cseq)

    def reinvite(self, body, check=""):
        self.request("INVITE", body=body).add(recv(100, True), recv(200, check=check))
        return self.request("ACK", cseq=self.cseq)

    def bye(self, headers=""):
        return self.request("BYE", headers).add(recv(200))

    def run(self, name, *options, timeout=60, port=None):
        """The running process; wait() gives 0 when all went as written."""
        if not shutil.which("sipp"):
            raise Missing("sipp is not installed")
        gateway = self.lab.gateway
        path = os.path.join(self.lab.folder, name + ".xml")
        with open(path, "w") as f:
            f.write('<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="call">\n' + "\n".join(self.steps) +
                    ('\n<Reference variables="seen"/>' if "seen" in "".join(self.steps) else "") + '\n</scenario>\n')
        return self.lab.keep(Process(name, [
            "sipp", f"127.0.0.1:{gateway.port}", "-sf", path, "-i", self.ip, "-p", str(port or free_port()), "-mp", str(free_port()),
            "-m", "1", "-nostdin", "-auth_uri", f"{self.to}@127.0.0.1:{gateway.port}", "-trace_err", "-rtp_echo", "-timeout", str(timeout),
            "-timeout_error", *options], self.lab.folder, cwd=self.lab.folder))

    def check(self, name, timeout=70):
        p = self.run(name)
        code = p.wait(timeout)
        assert code == 0, f"{name}: sipp ended with {code}: {errors(self.lab.folder, name, p.pid)}"


def errors(folder, name, pid):
    path = os.path.join(folder, f"{name}_{pid}_errors.log")
    try:
        with open(path, errors="replace") as f:
            return f.read()[-3000:]
    except OSError:
        return "no error file"
