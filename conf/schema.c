/* schema.c - every key of the configuration file: the only place that knows them. */
#include "conf/schema.h"
#include <string.h>
#include "base/limits.h"

#define RELOAD GW_KEY_RELOAD
#define REQUIRED GW_KEY_REQUIRED
#define SECRET GW_KEY_SECRET
#define STRING(key, def_, ...)                                                                     \
  { .name = key, .type = GW_CONF_STRING, .def = def_, __VA_ARGS__ }
#define NUMBER(key, def_, min_, max_, ...)                                                         \
  { .name = key, .type = GW_CONF_INT, .def = def_, .min = min_, .max = max_, __VA_ARGS__ }
#define SWITCH(key, def_, ...)                                                                     \
  { .name = key, .type = GW_CONF_BOOL, .def = def_, __VA_ARGS__ }
#define WORDS(key, def_, ...)                                                                      \
  { .name = key, .type = GW_CONF_STRINGS, .def = def_, __VA_ARGS__ }
#define GROUPS(key, ...)                                                                           \
  { .name = key, .type = GW_CONF_GROUPS, __VA_ARGS__ }
#define SECRET_FILE(key, flags_, ...)                                                              \
  {                                                                                                \
    .name = key, .type = GW_CONF_STRING, .flags = GW_KEY_SECRET_FILE | (flags_),                   \
    .form = "a file name, relative to this file", __VA_ARGS__                                      \
  }
#define TEXT .check = gw_form_text, .form = "text without control characters"
#define PLAIN .check = gw_form_number, .form = "a number or name without blanks"

const gw_section gw_sections[] = {
    {"xmpp", "The stream to the XMPP server."},
    {"sip", "Where telephones reach the gateway."},
    {"media", "Audio to phones and to the other participants."},
    {"phones", "Desk phones that register here, one group each. Phones can also be added while "
               "running: tipringctl phone add."},
    {"trunks", "Telephone providers and other telephone systems (a PBX), one group each."},
    {"rooms", "Numbers that lead into XMPP rooms, one group each. Rooms can also be added while "
              "running: tipringctl room add."},
    {"menus", "Numbers that ask for the number of a room, then for its PIN; one group each."},
    {"invites", "Who may have numbers called by an XMPP invitation, beside those who are in a "
                "configured room; one group each. One that fits is enough."},
    {"sfu", "Forwarding services: of JMUCI calls (socket.io), and conference services that speak "
            "Jingle; one group each."},
    {"store", "What survives a restart."},
    {"control", "The door for tipringctl."},
    {"http", "Read-only HTTP for monitoring."},
    {"hep",
     "Copies of all SIP messages for a capture server (Homer, HEP 3 over UDP), without secrets."},
    {"health", "The test call that /health?call makes, on this machine only."},
    {NULL, NULL}};

const gw_key gw_keys[] = {
    STRING("xmpp.mode", "component", .choices = "component client",
           .help = "component: many phones on one stream (XEP-0114). client: one ordinary account, "
                   "a connection per call."),
    STRING("xmpp.domain", NULL, .check = gw_form_domain, .form = "a domain name",
           .help = "Domain of the component: phones appear as NUMBER@DOMAIN. Required in mode "
                   "component; in mode client it is that of the jid."),
    STRING("xmpp.host", "127.0.0.1", .check = gw_form_host, .form = "a host name or address",
           .help = "XMPP server. In mode client the domain of the jid when not given."),
    NUMBER("xmpp.port", "5347", 1, 65535,
           .help = "Port of the XMPP server for components. In mode client 5222 when not given."),
    STRING("xmpp.secret", NULL, .flags = SECRET, TEXT,
           .help = "Secret of the component, as the XMPP server knows it. Required in mode "
                   "component, here or as secret_file."),
    SECRET_FILE("xmpp.secret_file", 0, .help = "File that holds the secret of the component."),
    WORDS("xmpp.callers", "local", .flags = RELOAD, TEXT,
          .help = "Who may call phones and rooms directly, by NUMBER@DOMAIN: JIDs without resource; * stands "
                  "for any characters, ? for one; local: whoever has an account at the domain above "
                  "ours (example.org for phone.example.org). Whom a number leads to (rooms: flavour "
                  "direct) may in any case. Other numbers are a matter of trunks: dial_out_by. Mode "
                  "component only."),
    STRING("xmpp.jid", NULL, .check = gw_form_jid, .form = "NAME@DOMAIN",
           .help = "Account. Required in mode client."),
    STRING("xmpp.password", NULL, .flags = SECRET, TEXT,
           .help = "Password of the account. Required in mode client, here or as password_file."),
    SECRET_FILE("xmpp.password_file", 0, .help = "File that holds the password of the account."),
    STRING("xmpp.tls", "required", .choices = "required starttls off",
           .help = "Encryption in mode client. starttls: use it when offered. off: only for a "
                   "server on this machine."),
    WORDS("xmpp.operators", NULL, .flags = RELOAD, .check = gw_form_jid, .form = "NAME@DOMAIN",
          .help = "Who may run tipringctl's commands from an XMPP client (ad-hoc commands of DOMAIN): "
                  "accounts. Mode component only."),
    WORDS("xmpp.visible_to", NULL, .flags = RELOAD, TEXT,
          .help = "Who is shown the list of rooms and phones by an XMPP client: JIDs without resource; * "
                  "stands for any characters, ? for one, as in \"*@example.org\". Operators always are."),
    STRING("xmpp.roster_help", "off", .flags = RELOAD, .choices = "off suggest write",
           .help = "Phones in the contact lists of those in visible_to, when they come into a room. suggest: "
                   "their clients are asked to add them (XEP-0144). write: they are put there where the XMPP server "
                   "lets the gateway (XEP-0356), else suggested."),
    WORDS("xmpp.registration", NULL, .flags = RELOAD, TEXT,
          .help = "Who may bring his own SIP account (XEP-0077): JIDs without resource; * stands for any "
                  "characters, ? for one. The gateway registers there for him; what comes from there calls him, "
                  "and the numbers that he calls go out by it. Needs registrars. Mode component only."),
    WORDS("xmpp.registrars", NULL, .flags = RELOAD, .check = gw_form_host_port, .form = "HOST or HOST:PORT",
          .help = "Registrars at which such accounts may be. Nothing is ever sent to any other that somebody names."),
    NUMBER("xmpp.max_accounts", "50", 1, GW_MAX_ACCOUNTS, .flags = RELOAD, .unit = "accounts",
           .help = "How many such accounts there may be in all."),

    STRING("xmpp.services", "", .check = gw_form_services, .form = "a domain name, \"\" or \"off\"",
           .help = "Domain that is asked for STUN and TURN servers (XEP-0215). Empty: the account's "
                   "own, in mode component the one above xmpp.domain. The server must let the gateway "
                   "ask. off: nobody is asked."),

    WORDS("sip.listen", "udp:0.0.0.0:5060,tcp:0.0.0.0:5060", .check = gw_form_sip_listen,
          .form = "\"udp:ADDRESS:PORT\", \"tcp:ADDRESS:PORT\" or \"tls:ADDRESS:PORT\", IPv6 as "
                  "\"udp:[::]:5060\"",
          .help = "Where SIP listens. Port 0 chooses one. tls needs certificate and key."),
    STRING("sip.realm", NULL, TEXT,
           .help = "Realm that phones are asked for a password with. The XMPP domain when not "
                   "given."),
    NUMBER("sip.max_calls", "200", 1, 10000, .unit = "calls",
           .help = "Calls at once; above it callers get 503 with Retry-After."),
    WORDS("sip.dial_users", "*", .flags = RELOAD, TEXT,
          .help = "Persons whom phones may call by address (alice@example.org): JIDs without "
                  "resource; * stands for any characters, ? for one. Those that a number leads to "
                  "(rooms: flavour direct) can always be called by it."),
    NUMBER("sip.ring_limit", "45", 5, 300, .flags = RELOAD, .unit = "s",
           .help = "How long a phone rings that is invited into a room, or called by tipringctl "
                   "call dial. Phones that ring for a proposal (rooms: ring) ring for 25 s."),
    STRING("sip.public_address", "", .check = gw_form_address, .form = "an address, or \"\"",
           .help = "Address for Contact and Via when the gateway is behind 1:1 NAT."),
    SWITCH("sip.transfer", "true", .flags = RELOAD,
           .help = "Phones may transfer a call (REFER) to rooms and phones of this gateway. "
                   "Nowhere else in any case."),
    STRING("sip.certificate", "", .flags = RELOAD, TEXT,
           .help = "Certificate of the tls listeners, a PEM file, relative to this file; behind it "
                   "in the same file those between it and its root. A reload reads it again."),
    STRING("sip.key", "", .flags = RELOAD, TEXT,
           .help = "Key of the certificate, a PEM file without passphrase that others cannot "
                   "read; relative to this file."),
    STRING("sip.client_ca", "", TEXT,
           .help = "Authorities, a PEM file, relative to this file: who connects by tls must show "
                   "a certificate that one of them has signed. Empty: no certificate is asked "
                   "for."),
    STRING("sip.server_ca", "", TEXT,
           .help = "Authorities, a PEM file, relative to this file: who must have signed the "
                   "certificate of a trunk that is reached by tls. Empty: any will do."),

    {.name = "media.rtp_ports",
     .type = GW_CONF_INTS,
     .def = "20000,29999",
     .min = 1024,
     .max = 65535,
     .unit = "UDP ports",
     .help = "First and last port for RTP to phones and for ICE."},
    STRING("media.public_address", "", .check = gw_form_address, .form = "an address, or \"\"",
           .help = "Address for SDP and host candidates when the gateway is behind 1:1 NAT."),
    WORDS("media.addresses", NULL, .check = gw_form_literal, .form = "addresses of this machine",
          .help = "Own addresses that are offered to the room (ICE host candidates). Empty: all "
                  "but loopback, loopback if that is all."),
    WORDS("media.stun", NULL, .flags = RELOAD, .check = gw_form_host_port, .form = "\"HOST:PORT\"",
          .help = "STUN servers; port 3478 when not given. The first one that resolves is used, before "
                  "those that the XMPP server names (xmpp.services)."),
    GROUPS("media.turn", .flags = RELOAD,
           .help = "TURN servers, one group each; before those that the XMPP server names "
                   "(xmpp.services). Up to six are used, of each transport one before a second."),
    STRING("media.turn[].host", NULL, .flags = RELOAD | REQUIRED, .check = gw_form_host,
           .form = "a host name or address",
           .help = "TURN server. With tls its certificate must be made out for this name."),
    NUMBER("media.turn[].port", "3478", 1, 65535, .flags = RELOAD, .help = "Its port."),
    STRING("media.turn[].transport", "udp", .flags = RELOAD, .choices = "udp tcp tls",
           .help = "How the server is reached. tcp and tls help where a firewall lets no UDP out."),
    STRING("media.turn[].user", "", .flags = RELOAD, TEXT, .help = "User at the TURN server."),
    STRING("media.turn[].password", NULL, .flags = SECRET | RELOAD, TEXT,
           .help = "Password at the TURN server."),
    SECRET_FILE("media.turn[].password_file", RELOAD,
                .help = "File that holds the password at the TURN server."),
    STRING("media.turn_ca", "", TEXT,
           .help = "Authorities, a PEM file, relative to this file: who must have signed the "
                   "certificate of a TURN server that is reached by tls. Empty: those that the "
                   "system trusts."),
    WORDS("media.codecs", "opus,G722,PCMA,PCMU", .flags = RELOAD, .choices = "opus G722 PCMA PCMU",
          .help = "Codecs offered, in order of preference. telephone-event is always offered."),
    NUMBER("media.workers", "0", 0, 256, .unit = "threads",
           .help = "Media threads. 0: one per core but one, at least one."),
    STRING("media.prompts", "", TEXT,
           .help = "Folder of the spoken prompts, one folder per language below it, relative to "
                   "this file. "
                   "Empty: the ones that were installed."),
    STRING("media.language", "en", .flags = RELOAD, .check = gw_form_word,
           .form = "a language code as \"en\"",
           .help = "Language of the prompts, where no menu says another."),
    STRING("media.speaker", "espeak-ng", TEXT,
           .help =
               "Program that says names to callers (*3), called as espeak-ng is. Where it is not "
               "installed, or with \"\", only numbers are said."),
    SWITCH("media.spoken_refusals", "true", .flags = RELOAD,
           .help = "A caller whose call is refused is told why in words first, as sound before the "
                   "answer (183). Needs prompts."),
    SWITCH("media.even_levels", "false",
           .help = "Bring everybody's voice slowly to the same level: quiet ones up by 9 dB at "
                   "most, loud ones down by 12."),
    STRING("media.srtp_backend", "auto", .choices = "libsrtp2 openssl auto",
           .help = "Library that encrypts media. auto: the one that costs least, openssl."),

    GROUPS("phones", .flags = RELOAD, .help = "Desk phones."),
    STRING("phones[].number", NULL, .flags = RELOAD | REQUIRED | GW_KEY_UNIQUE, PLAIN,
           .help = "Number of the phone, and its SIP user name."),
    STRING("phones[].password", NULL, .flags = RELOAD | SECRET, TEXT,
           .help = "SIP password. Required, here or as password_file."),
    SECRET_FILE("phones[].password_file", RELOAD, .help = "File that holds the SIP password."),
    STRING("phones[].name", "", .flags = RELOAD, TEXT,
           .help = "Name shown in rooms. The number when empty."),
    STRING("phones[].room", "", .flags = RELOAD, .check = gw_form_text,
           .form = "the number of a room, or \"\"",
           .help = "Number of the room that is dialled by just lifting the receiver, or by an "
                   "empty number."),
    STRING("phones[].srtp", "off", .flags = RELOAD, .choices = "off optional required",
           .help = "Encryption of the audio to this phone (SRTP with SDES keys). The keys are only "
                   "exchanged over tls. optional: when the phone does it. required: a call without "
                   "is refused."),
    NUMBER("phones[].max_calls", "2", 1, 100, .flags = RELOAD, .unit = "calls",
           .help = "Calls of this phone at once."),
    SWITCH("phones[].messages", "false", .flags = RELOAD,
           .help = "What is written in the room is sent to the phone in its call, as SIP MESSAGE. "
                   "What the phone writes goes into the room in any case."),

    GROUPS("trunks", .flags = RELOAD, .help = "Telephone providers, and other telephone systems."),
    STRING("trunks[].name", NULL, .flags = RELOAD | REQUIRED | GW_KEY_UNIQUE, .check = gw_form_word,
           .form = "a word", .help = "Name of the trunk, for commands and the log."),
    STRING("trunks[].proxy", NULL, .flags = RELOAD | REQUIRED, .check = gw_form_host_port,
           .form = "HOST or HOST:PORT",
           .help = "SIP server of the other side, and the domain of what is sent there. Without a "
                   "port it is looked up by NAPTR and SRV, then by its address."),
    STRING("trunks[].outbound_proxy", "", .flags = RELOAD, .check = gw_form_host_port_or_none,
           .form = "HOST or HOST:PORT, or \"\"",
           .help = "Server that everything is sent to instead."),
    STRING("trunks[].transport", "auto", .flags = RELOAD, .choices = "auto udp tcp tls",
           .help = "How it is reached. auto: what DNS says, else udp; tls only when said here, and "
                   "with sip.server_ca its certificate is looked at."),
    SWITCH("trunks[].register", "false", .flags = RELOAD,
           .help = "Register there; tried for ever. Without it the trunk is known by its addresses "
                   "alone."),
    NUMBER("trunks[].expires", "600", 60, 86400, .flags = RELOAD, .unit = "s",
           .help = "How long a registration is asked for. It is renewed well before."),
    STRING("trunks[].user", "", .flags = RELOAD, TEXT,
           .help = "User at the other side. Needed to register."),
    STRING("trunks[].password", NULL, .flags = RELOAD | SECRET, TEXT,
           .help = "Password at the other side. It is told to the trunk's own hosts only."),
    SECRET_FILE("trunks[].password_file", RELOAD,
                .help = "File that holds the password at the other side."),
    WORDS("trunks[].addresses", NULL, .flags = RELOAD, .check = gw_form_network,
          .form = "\"ADDRESS\" or \"ADDRESS/BITS\"",
          .help = "Where its calls come from: these need no password. Empty: from the addresses of "
                  "its server, which count in any case when it registers."),
    NUMBER("trunks[].keepalive", "30", 0, 3600, .flags = RELOAD, .unit = "s",
           .help = "It is asked that often whether it lives (OPTIONS). 0: never, it counts as up."),
    SWITCH("trunks[].trust", "false", .flags = RELOAD,
           .help =
               "Believe who it says is calling (P-Asserted-Identity, Remote-Party-ID), and tell "
               "it who calls from here."),
    STRING("trunks[].caller", "", .flags = RELOAD, .check = gw_form_text,
           .form = "a number, or \"\"",
           .help = "Number that calls from here show (From). Empty: the user, else the phone."),
    STRING("trunks[].country", "", .flags = RELOAD, .check = gw_form_digits,
           .form = "digits as \"49\", or \"\"",
           .help =
               "Country code of numbers that come or go without one. Empty: numbers are taken as "
               "they are."),
    STRING("trunks[].international", "00", .flags = RELOAD, .check = gw_form_digits,
           .form = "digits, or \"\"", .help = "What stands for + there; only with country."),
    STRING("trunks[].national", "0", .flags = RELOAD, .check = gw_form_digits,
           .form = "digits, or \"\"",
           .help = "What stands before a number within the country; only with country."),
    STRING(
        "trunks[].format", "e164", .flags = RELOAD, .choices = "e164 plain national international",
        .help = "How it wants numbers: e164 +4930123, plain 4930123, national 030123 or 0044207, "
                "international 004930123."),
    WORDS("trunks[].dial_out", NULL, .flags = RELOAD, .check = gw_form_pattern,
          .form = "digits with + in front, ? for one digit, * for any, ! in front to exclude",
          .help =
              "Patterns of numbers, with country code, that may be dialled there; the first that "
              "fits decides. Empty: none."),
    WORDS("trunks[].dial_out_by", NULL, .flags = RELOAD, TEXT,
          .help = "Who may have them dialled besides the operator: JIDs, domains, numbers of "
                  "phones. Empty: nobody."),
    STRING("trunks[].caller_jid", "guest", .flags = RELOAD, .choices = "guest number",
           .help = "guest: callers appear as guest@DOMAIN, their number masked. number: as "
                   "NUMBER@DOMAIN."),
    STRING("trunks[].srtp", "off", .flags = RELOAD, .choices = "off optional required",
           .help = "Encryption of the audio (SRTP with SDES keys), as for phones: only over tls."),
    NUMBER("trunks[].max_calls", "0", 0, 10000, .flags = RELOAD, .unit = "calls",
           .help = "Calls by this trunk at once, both ways. 0: as many as sip.max_calls."),

    GROUPS("rooms", .flags = RELOAD, .help = "Numbers that lead into rooms."),
    STRING("rooms[].number", NULL, .flags = RELOAD | REQUIRED | GW_KEY_UNIQUE, PLAIN,
           .help = "Number to dial."),
    STRING("rooms[].room", NULL, .flags = RELOAD | REQUIRED, .check = gw_form_jid,
           .form = "ROOM@SERVICE", .help = "The XMPP room."),
    STRING("rooms[].flavour", "auto", .flags = RELOAD,
           .choices = "auto " GW_FLAVOUR_NAMES " jitsi",
           .later = "jitsi",
           .help = "Kind of group call. auto: the running call decides, else a conference service "
                   "that the key sfu names, else what the others announce. jingle-sfu: a call at "
                   "a conference service that speaks Jingle. direct: no room but one person, whom "
                   "the number calls; room is the person's JID."),
    STRING("rooms[].pin", "", .flags = RELOAD | SECRET, .check = gw_form_pin,
           .form = "up to 16 digits, or \"\"",
           .help = "Digits asked for before the caller gets into the room."),
    STRING("rooms[].idle", "propose", .flags = RELOAD, .choices = "propose wait",
           .help = "When no call runs in the room yet: propose one, or wait for one."),
    STRING("rooms[].password", "", .flags = RELOAD | SECRET, TEXT, .help = "Password of the room."),
    SECRET_FILE("rooms[].password_file", RELOAD, .help = "File that holds the room's password."),
    STRING("rooms[].sfu", "", .flags = RELOAD, TEXT,
           .help = "Name of the forwarding service of this room, from the list sfu; empty: the "
                   "first one there of the kind that the flavour needs."),
    STRING("rooms[].identity", "per-phone", .flags = RELOAD, .choices = "per-phone shared",
           .help = "shared: all phones of the room are one participant, phones@DOMAIN."),
    STRING("rooms[].call", "here", .flags = RELOAD, .choices = "here private",
           .help = "Where a call takes place that a phone starts. here: in the room, or at its "
                   "conference. private: of Muji in a room made for it, to which everybody in the "
                   "room is invited (XEP-0482), as Dino does it; at a service of the kind "
                   "tigase-meet whose jid has no name in a meet made for it, to which they are "
                   "invited in its way."),
    WORDS("rooms[].people", NULL, .flags = RELOAD, .check = gw_form_jid, .form = "NODE@DOMAIN",
          .help = "With call = \"private\": JIDs that are invited, too, wherever they are."),
    WORDS("rooms[].ring", NULL, .flags = RELOAD, PLAIN,
          .help = "Phones that ring when somebody proposes a call in the room, or invites to one."),
    STRING("rooms[].invite", "occupants", .flags = RELOAD, .choices = "occupants rules",
           .help = "Who may have phones called into the room by inviting NUMBER@DOMAIN. occupants: "
                   "whoever is in the room. rules: only who the list invites allows it."),
    SWITCH("rooms[].watch", "true", .flags = RELOAD,
           .help = "gateway@DOMAIN sits in the room as \"Telephone gateway\" and sees calls before "
                   "a phone dials in."),
    SWITCH("rooms[].roster_check", "true", .flags = RELOAD,
           .help = "Do not join the call of a proposer who lacks us in the roster."),
    STRING("rooms[].alone", "silence", .flags = RELOAD, .choices = "silence music",
           .later = "music", .help = "What a caller hears who is alone in the room."),
    NUMBER("rooms[].alone_limit", "1800", 0, 604800, .flags = RELOAD, .unit = "s",
           .help = "A caller alone for that long hears goodbye; 0: never."),

    GROUPS("menus", .flags = RELOAD, .help = "Numbers that ask for a room."),
    STRING("menus[].number", NULL, .flags = RELOAD | REQUIRED | GW_KEY_UNIQUE, PLAIN,
           .help = "Number to dial."),
    STRING("menus[].language", "en", .flags = RELOAD, .check = gw_form_word,
           .form = "a language code as \"en\"", .help = "Language of the prompts."),

    GROUPS("invites", .flags = RELOAD, .help = "Rules of invitations."),
    WORDS("invites[].from", NULL, .flags = RELOAD | REQUIRED, TEXT,
          .help = "Who invites: JIDs without resource; * stands for any characters, ? for one, as "
                  "in \"*@example.org\"."),
    WORDS("invites[].rooms", NULL, .flags = RELOAD, TEXT,
          .help = "Into which rooms: JIDs, patterns as above; a room need not be in the list rooms. "
                  "Empty: those that are."),
    WORDS("invites[].numbers", NULL, .flags = RELOAD, TEXT,
          .help = "Which numbers, patterns as above; empty: all. Numbers that are no phone of this "
                  "gateway also need a trunk whose dial_out and dial_out_by allow them."),

    GROUPS("sfu", .flags = RELOAD, .help = "Forwarding services."),
    STRING("sfu[].name", NULL, .flags = RELOAD | REQUIRED | GW_KEY_UNIQUE, .check = gw_form_word,
           .form = "a word", .help = "Name, for the key sfu of rooms."),
    STRING("sfu[].kind", "socket.io", .flags = RELOAD, .choices = "socket.io xep-0521 tigase-meet",
           .help = "How it is spoken with. socket.io: the service of JMUCI calls, at url. xep-0521: "
                   "a conference service by Jingle, one session for each stream, at jid. "
                   "tigase-meet: one that sends all streams in one session, at jid."),
    STRING("sfu[].url", "", .flags = RELOAD, .check = gw_form_ws,
           .form = "\"ws://HOST:PORT\" or \"wss://HOST:PORT\"",
           .help = "Where the service listens (socket.io)."),
    STRING("sfu[].jid", "", .flags = RELOAD, .check = gw_form_conference,
           .form = "\"NAME@SERVICE\" or \"SERVICE\"",
           .help = "The conference (xep-0521, tigase-meet). A service without a name has a "
                   "conference of the room's name for each room."),

    STRING("store.path", "/var/lib/tipring/tipring.db", TEXT,
           .help = "The SQLite file; relative to this file."),
    STRING("control.socket", "/run/tipring/control.sock", TEXT,
           .help = "The Unix socket; relative to this file."),
    STRING("http.listen", "127.0.0.1:9160", .check = gw_form_listen,
           .form = "\"ADDRESS:PORT\", or \"\" for off",
           .help = "Where /metrics, /health and the status page are served."),

    STRING("hep.server", "", .check = gw_form_host_port_or_none,
           .form = "\"HOST:PORT\", or \"\" for off",
           .help =
               "Capture server; port 9060 when not given. Credentials, SRTP keys and digits are "
               "masked before they are sent; all else, numbers and addresses of callers too, "
               "goes there unencrypted. Empty: none."),
    NUMBER("hep.id", "2001", 0, 4294967295,
           .help = "What this gateway is called there (capture id)."),
    STRING("hep.password", NULL, .flags = SECRET, TEXT,
           .help = "Key that the capture server wants, if it does."),
    SECRET_FILE("hep.password_file", 0, .help = "File that holds that key."),
    STRING(
        "health.phone", "", .flags = RELOAD, .check = gw_form_text,
        .form = "the number of a phone, or \"\"",
        .help =
            "Phone whose account the test call uses, best one of its own. Empty: no test calls."),
    STRING("health.number", "", .flags = RELOAD, .check = gw_form_text,
           .form = "the number of a room, or \"\"",
           .help =
               "Number that it dials; the room behind it should have idle = \"wait\" and no PIN."),
    NUMBER("health.every", "60", 5, 86400, .flags = RELOAD, .unit = "s",
           .help =
               "At most one test call in that time; who asks in between is told the last result."),
    STRING("health.program", "tipring-ua", .flags = RELOAD, TEXT,
           .help = "Program that makes the call."),
};
const guint gw_n_keys = G_N_ELEMENTS(gw_keys);

const gw_key *gw_key_find(const char *schema_name) {
  for (guint i = 0; i < gw_n_keys; i++)
    if (strcmp(gw_keys[i].name, schema_name) == 0) return &gw_keys[i];
  return NULL;
}

const char *gw_key_leaf(const gw_key *key) {
  const char *dot = strrchr(key->name, '.');
  return dot ? dot + 1 : key->name;
}

gboolean gw_word_in(const char *words, const char *word, gsize n) {
  for (const char *p = words; p && *p;) {
    gsize len = strcspn(p, " ");
    if (len == n && memcmp(p, word, n) == 0) return TRUE;
    p += len + (p[len] == ' ');
  }
  return FALSE;
}

static char *quoted_choices(const char *choices) {
  g_auto(GStrv) words = g_strsplit(choices, " ", -1);
  g_autofree char *inside = g_strjoinv("\", \"", words);
  return g_strdup_printf("\"%s\"", inside);
}

static char *accepted_item(const gw_key *key) {
  if (key->choices) return quoted_choices(key->choices);
  return g_strdup(key->form ? key->form : "text");
}

char *gw_key_accepted(const gw_key *key) {
  g_autofree char *item = accepted_item(key);
  const char *unit = key->unit ? key->unit : "";
  const char *blank = key->unit ? " " : "";
  switch (key->type) {
  case GW_CONF_INT:
    return g_strdup_printf("%" G_GINT64_FORMAT "..%" G_GINT64_FORMAT "%s%s", key->min, key->max,
                           blank, unit);
  case GW_CONF_INTS:
    return g_strdup_printf("[ FIRST, LAST ], each %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT
                           ", FIRST below LAST",
                           key->min, key->max);
  case GW_CONF_BOOL:
    return g_strdup("true, false");
  case GW_CONF_STRINGS:
    return g_strdup_printf("a list [ \"...\", ... ] of %s", item);
  case GW_CONF_GROUPS:
    return g_strdup("a list of groups ( { ... }, { ... } )");
  default:
    return key->choices ? g_strdup_printf("one of %s", item) : g_steal_pointer(&item);
  }
}

char *gw_key_names_in(const char *prefix) {
  GString *out = g_string_new(NULL);
  gsize n = strlen(prefix);
  for (guint i = 0; i < gw_n_keys; i++) {
    const char *rest = gw_keys[i].name + n;
    if (strncmp(gw_keys[i].name, prefix, n) == 0 && !strpbrk(rest, ".["))
      g_string_append_printf(out, "%s%s", out->len ? ", " : "", rest);
  }
  return g_string_free(out, FALSE);
}
