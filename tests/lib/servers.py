"""Private XMPP servers on loopback: Prosody and ejabberd in the foreground, each in a folder of its own.

Both carry the same world: users with passwords, a MUC service whose rooms show real JIDs, one component for the gateway,
its watcher as admin of the rooms, and a shared roster group that holds users, phones, guest and gateway. Nothing of a
server that the machine may already run is touched: own ports, own data, own node name.
"""
import asyncio
import logging
import os
import pwd
import shutil
import subprocess
import uuid
import xml.etree.ElementTree as ET

from procs import Process, connects, free_port, wait_for

DOMAIN = "example.test"
MUC = "rooms.example.test"
PHONES = "phone.example.test"
SECRET = "component-secret"
PASSWORD = "user-password"


class Missing(Exception):
    """A program of this machine is missing: the test is skipped."""


class Server:
    users = ("alice", "bob", "carol", "dave", "tipring")
    numbers = ("100", "101", "102", "103")

    def __init__(self, folder, domain=DOMAIN, users=None, numbers=None):
        self.folder, self.domain = os.path.join(folder, self.kind), domain
        self.muc, self.phones = "rooms." + domain, "phone." + domain
        self.users, self.numbers = users or Server.users, numbers or Server.numbers
        os.makedirs(self.folder, exist_ok=True)
        self.c2s, self.component, self.http = free_port(), free_port(), free_port()
        self.process, self.starts = None, 0

    @property
    def websocket(self):
        return f"ws://127.0.0.1:{self.http}{self.ws_path}"

    def room(self, name):
        return f"{name}@{self.muc}"

    def jid(self, user):
        return f"{user}@{self.domain}"

    def roster(self):
        """(JID, name) of everybody in the shared group."""
        who = [(f"{n}@{self.phones}", "Phone " + n) for n in self.numbers]
        who += [("guest@" + self.phones, "Guest"), ("gateway@" + self.phones, "Telephone gateway"),
                ("phones@" + self.phones, "Telephones")]
        return who + [(self.jid(u), u.capitalize()) for u in self.users]

    def start(self):
        self.starts += 1
        self.process = self._spawn()
        try:
            for port in (self.c2s, self.component, self.http):
                wait_for(f"{self.kind} on port {port}", lambda p=port: self._up(p), 40)
        except (TimeoutError, RuntimeError):
            log = self.process.log(20)
            self.stop()
            raise RuntimeError(f"{self.kind} did not start:\n{log}")
        return self

    def _up(self, port):
        if not self.process.alive():
            raise RuntimeError(self.kind + " ended")
        return connects(port)

    def kill(self):
        """As a power cut: nobody is told."""
        self.process.kill()
        self.process.sweep()

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def make_room(self, name, members_only=False, members=(), owner="tipring", whois="anyone", config=None):
        """Makes a persistent room (that shows real JIDs), as its owner would, and leaves it again. config: more fields of its form."""
        asyncio.run(_configure_room(self, self.room(name), owner, members_only, members, whois, config or {}))
        return self.room(name)

    def contacts(self, user):
        """JID -> subscription of that user's contact list."""
        return asyncio.run(_contacts(self, user))


class Prosody(Server):
    kind, ws_path = "prosody", "/xmpp-websocket"

    def _spawn(self):
        if not shutil.which("prosody"):
            raise Missing("prosody is not installed")
        config = os.path.join(self.folder, "prosody.cfg.lua")
        if self.starts == 1:
            self._write(config)
        return Process("prosody", ["prosody", "--config", config, "-F"], self.folder)

    def _write(self, config):
        data = os.path.join(self.folder, "data")
        accounts = os.path.join(data, self.domain.replace(".", "%2e"), "accounts")
        os.makedirs(accounts, exist_ok=True)
        for user in self.users:
            with open(os.path.join(accounts, user + ".dat"), "w") as f:
                f.write('return { ["password"] = "%s"; };\n' % PASSWORD)
        groups = os.path.join(self.folder, "groups.txt")
        with open(groups, "w") as f:
            f.write("[Telephone]\n" + "".join(f"{jid}={name}\n" for jid, name in self.roster()))
        with open(config, "w") as f:
            f.write(f'''
run_as_root = true
daemonize = false
pidfile = "{self.folder}/prosody.pid"
data_path = "{data}"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {self.c2s} }}
component_ports = {{ {self.component} }}
component_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {self.http} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ }}
http_default_host = "{self.domain}"
modules_enabled = {{ "roster"; "saslauth"; "disco"; "ping"; "groups"; "websocket"; "bosh"; }}
modules_disabled = {{ "s2s"; "offline"; }}
groups_file = "{groups}"
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
cross_domain_bosh = true
cross_domain_websocket = true
limits = {{ }}
log = {{ {{ levels = {{ min = "info" }}; to = "console"; }} }}
VirtualHost "{self.domain}"
Component "{self.muc}" "muc"
  admins = {{ "gateway@{self.phones}" }}
  muc_room_locking = false
  muc_room_default_public_jids = true
  muc_room_default_persistent = true
Component "{self.phones}"
  component_secret = "{SECRET}"
''')


class Ejabberd(Server):
    kind, ws_path = "ejabberd", "/ws"

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.dist = free_port()  # Erlang's own port: fixed, on loopback, and no epmd is started
        self.node = f"tipring{self.dist}@localhost"

    def _ctl(self, *command):
        # setpriv, not the script's own su: that would leave our process group and outlive us.
        return ["setpriv", "--reuid=ejabberd", "--regid=ejabberd", "--init-groups", "env", "HOME=" + self.folder,
                "/usr/sbin/ejabberdctl", "--config-dir", self.folder, "--logs", self.folder, "--node", self.node,
                "--spool", os.path.join(self.folder, "spool"), "--ctl-config", os.path.join(self.folder, "ctl.cfg"),
                "--config", os.path.join(self.folder, "ejabberd.yml"), *command]

    def _spawn(self):
        if not os.path.exists("/usr/sbin/ejabberdctl"):
            raise Missing("ejabberd is not installed")
        if os.getuid() != 0:
            raise Missing("only root can start ejabberd as its own user")
        if self.starts == 1:
            self._write()
        return Process("ejabberd-console", self._ctl("foreground"), self.folder)

    def start(self):
        super().start()
        if self.starts == 1:
            for user in self.users:
                self.ctl("register", user, self.domain, PASSWORD)
            self.ctl("srg_create", "telephone", self.domain, "Telephone", "Telephone", "telephone")
            for jid, _ in self.roster():
                node, host = jid.split("@")
                self.ctl("srg_user_add", node, host, "telephone", self.domain)
        return self

    def ctl(self, *command):
        done = subprocess.run(self._ctl(*command), capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"ejabberdctl {command[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self):
        if self.process and self.process.alive():
            subprocess.run(self._ctl("stop"), capture_output=True, timeout=60)
        super().stop()

    def _write(self):
        with open(os.path.join(self.folder, "ctl.cfg"), "w") as f:
            f.write(f'ERL_DIST_PORT={self.dist}\nINET_DIST_INTERFACE=127.0.0.1\nERL_OPTIONS="-env ERL_CRASH_DUMP_BYTES 0"\n')
        with open(os.path.join(self.folder, "inetrc"), "w") as f:
            f.write('{lookup,["file","native"]}.\n{host,{127,0,0,1}, ["localhost"]}.\n{file, resolv, "/etc/resolv.conf"}.\n')
        with open(os.path.join(self.folder, "ejabberd.yml"), "w") as f:
            f.write(f'''
hosts: ["{self.domain}"]
loglevel: warning
auth_method: internal
auth_password_format: plain
disable_sasl_mechanisms: []
listen:
  - {{ port: {self.c2s}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false }}
  - {{ port: {self.component}, ip: "127.0.0.1", module: ejabberd_service, hosts: {{ "{self.phones}": {{ password: "{SECRET}" }} }} }}
  - {{ port: {self.http}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {{ "/ws": ejabberd_http_ws, "/bosh": mod_bosh }} }}
acl:
  gateway: {{ user: [ "gateway@{self.phones}" ] }}
access_rules:
  muc_admin: {{ allow: gateway }}
api_permissions:
  "console commands": {{ from: [ ejabberd_ctl ], who: all, what: "*" }}
modules:
  mod_admin_extra: {{}}
  mod_bosh: {{}}
  mod_disco: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_shared_roster: {{}}
  mod_muc:
    host: "{self.muc}"
    access_admin: muc_admin
    default_room_options: {{ anonymous: false, persistent: true, members_only: false, allow_user_invites: true }}
''')
        owner = pwd.getpwnam("ejabberd")
        os.makedirs(os.path.join(self.folder, "spool"), exist_ok=True)
        for top, folders, files in os.walk(self.folder):
            for name in [top] + [os.path.join(top, f) for f in files]:
                os.chown(name, owner.pw_uid, owner.pw_gid)
        part = self.folder  # the server's user must be able to walk down to its folder
        while part not in ("/", "/tmp"):
            part = os.path.dirname(part)
            if os.stat(part).st_uid == os.getuid():
                os.chmod(part, os.stat(part).st_mode | 0o711)


async def _configure_room(server, room, owner, members_only, members, whois, config):
    logging.getLogger("slixmpp").setLevel(logging.ERROR)
    import slixmpp  # here, so that a machine without it can still run what needs no room

    client = slixmpp.ClientXMPP(server.jid(owner) + "/" + uuid.uuid4().hex[:8], PASSWORD)
    ready, entered = asyncio.Event(), asyncio.Event()
    client.add_event_handler("session_start", lambda _: ready.set())
    client.add_event_handler("presence", lambda p: p["from"].bare == room and entered.set())
    client.connect(("127.0.0.1", server.c2s), disable_starttls=True)
    await asyncio.wait_for(ready.wait(), 15)
    client.send_raw(f"<presence to='{room}/{owner}'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
    await asyncio.wait_for(entered.wait(), 15)
    fields = {"muc#roomconfig_persistentroom": "1", "muc#roomconfig_whois": whois,
              "muc#roomconfig_membersonly": "1" if members_only else "0", **config}
    form = ET.Element("{jabber:x:data}x", type="submit")
    for var, value in [("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig")] + \
            list(fields.items()):
        ET.SubElement(ET.SubElement(form, "{jabber:x:data}field", var=var), "{jabber:x:data}value").text = value
    query = ET.Element("{http://jabber.org/protocol/muc#owner}query")
    query.append(form)
    await _set(client, room, query)
    for jid in set(members) - {server.jid(owner)}:  # who is an owner must not be made less
        query = ET.Element("{http://jabber.org/protocol/muc#admin}query")
        ET.SubElement(query, "{http://jabber.org/protocol/muc#admin}item", affiliation="member", jid=jid)
        await _set(client, room, query)
    client.send_raw(f"<presence type='unavailable' to='{room}/{owner}'/>")
    await asyncio.sleep(0.1)
    await client.disconnect(wait=1)


async def _contacts(server, user):
    import slixmpp

    client, ready = slixmpp.ClientXMPP(server.jid(user) + "/" + uuid.uuid4().hex[:8], PASSWORD), asyncio.Event()
    client.add_event_handler("session_start", lambda _: ready.set())
    client.connect(("127.0.0.1", server.c2s), disable_starttls=True)
    await asyncio.wait_for(ready.wait(), 15)
    got = await client.get_roster(timeout=10)
    await client.disconnect(wait=1)
    return {str(jid): item["subscription"] for jid, item in got["roster"]["items"].items()}


async def _set(client, to, query):
    iq = client.make_iq_set(ito=to)
    iq.append(query)
    await iq.send(timeout=10)
