"""Kamailio as the provider at the other end of a trunk: registrar with digest, proxy, OPTIONS; nothing of the machine's own
set-up is used."""
import os
import shutil

from procs import Process, free_port, wait_for
from servers import Missing

MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules"
CONFIG = """#!KAMAILIO
debug=1
log_stderror=yes
children=1
auto_aliases=no
disable_tcp=no
tcp_children=1
{listen}
mpath="{modules}/"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "xlog.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "default_expires", {expires})
modparam("registrar", "max_expires", {expires})
modparam("rr", "enable_full_lr", 1)
request_route {{
  xlog("L_ERR", "request $rm from $si:$sp to $ru by $au\\n");
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (is_method("OPTIONS") && !has_totag()) {{ sl_send_reply("200", "OK"); exit; }}
  if (is_method("REGISTER")) {{
    if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "1"); exit; }}
    if ($au != "{user}") {{ sl_send_reply("403", "Not Your Account"); exit; }}
    save("location");
    exit;
  }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
    sl_send_reply("404", "Not Here");
    exit;
  }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (!is_method("INVITE")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
  record_route();
{asserted}
  if ($si == "{gateway}" && $sp == {gateway_port}) {{
    if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "1"); exit; }}
    consume_credentials();
    $ru = "sip:" + $rU + "@{callee}";
    t_relay();
    exit;
  }}
  $ru = "sip:{user}@{realm}";
  if (!lookup("location")) {{ sl_send_reply("480", "Not Registered"); exit; }}
  t_relay();
}}
"""


class Kamailio:
    """user and password: of the account that the gateway registers with. asserted: configuration lines that are run for each
    INVITE, to add headers. callee: "host:port" where calls of the gateway go."""

    def __init__(self, folder, host="127.0.0.3", gateway=("127.0.0.1", 0), user="gateway", password="provider secret", realm="provider.test",
                 asserted="", expires=60, callee="127.0.0.1:9", name="kamailio"):
        self.program = shutil.which("kamailio") or "/usr/sbin/kamailio"
        if not os.path.exists(self.program):
            raise Missing("kamailio is not installed")
        self.folder, self.name = os.path.join(folder, name), name
        os.makedirs(self.folder, exist_ok=True)
        self.host, self.port = host, free_port(host="127.0.0.1" if ":" in host else host)
        self.user, self.password = user, password
        self.values = {"modules": MODULES, "listen": f"listen=udp:{host}:{self.port}\nlisten=tcp:{host}:{self.port}", "realm": realm,
                       "user": user, "password": password, "asserted": asserted, "expires": expires, "callee": callee,
                       "gateway": gateway[0], "gateway_port": gateway[1]}
        self.config = os.path.join(self.folder, "kamailio.cfg")
        self.process = None

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def start(self):
        with open(self.config, "w") as f:
            f.write(CONFIG.format(**self.values))
        self.process = Process(self.name, [self.program, "-f", self.config, "-DD", "-E", "-m", "16", "-M", "4", "-Y", self.folder,
                                           "-P", os.path.join(self.folder, "pid")], self.folder)
        wait_for("kamailio to listen", self.listens, 15)
        return self

    def listens(self):
        if not self.process.alive():
            raise RuntimeError("kamailio has ended: " + self.process.log(15))
        wanted = ":%04X" % self.port
        with open("/proc/net/udp6" if ":" in self.host else "/proc/net/udp") as f:
            return any(line.split()[1].endswith(wanted) for line in f.readlines()[1:])

    def requests(self):
        """Its lines of requests: "INVITE from 127.0.0.1:5060 to sip:... by gateway"."""
        return [line.split("request ", 1)[1] for line in self.process.log().splitlines() if "request " in line and " from " in line]

    def kill(self):
        self.process.kill()
        self.process.sweep()

    def stop(self):
        if self.process:
            self.process.stop()
