/* tipringctl_init_text.c - the words of `init`: a small configuration, and the pieces for Prosody and ejabberd. */
#include <string.h>
#include "base/jid.h"
#include "tools/tipringctl_init.h"

void gw_init_answers_clear(gw_init_answers *a) {
  g_free(a->domain);
  g_free(a->secret);
  g_free(a->room);
  g_free(a->password);
  g_free(a->phone);
  g_free(a->number);
}

/* --- what may be answered */
static gboolean is_domain(const char *s) {
  for (const char *p = s; *p; p++)
    if (!g_ascii_isalnum(*p) && !strchr(".-", *p)) return FALSE;
  return g_ascii_isalnum(*s) && strlen(s) < 256;
}

static gboolean is_room(const char *s) {
  g_autofree char *node = NULL, *domain = NULL, *resource = NULL;
  return gw_jid_split(s, &node, &domain, &resource) && node && !resource && is_domain(domain) &&
         !strpbrk(s, "\"'\\ ");
}

/* Phones type passwords on a keypad and servers read secrets from their configuration: what all of
 * them take. */
static gboolean is_secret(const char *s) {
  for (const char *p = s; *p; p++)
    if (!g_ascii_isgraph(*p) || strchr("\"'\\", *p)) return FALSE;
  return *s && strlen(s) <= 128;
}

static gboolean is_number(const char *s) {
  return *s && strlen(s) <= 15 && strspn(s, "0123456789") == strlen(s);
}

char *gw_init_problem(const gw_init_answers *a) {
  const struct {
    const char *value;
    gboolean (*good)(const char *);
    const char *name, *wanted;
  } rows[] = {
      {a->domain, is_domain, "domain", "a domain name, phone.example.org"},
      {a->secret, is_secret, "secret", "printable characters without blanks and quotes"},
      {a->room, is_room, "room", "the room's address, standup@rooms.example.org"},
      {a->password, is_secret, "password", "printable characters without blanks and quotes"},
      {a->phone, is_number, "phone", "digits"},
      {a->number, is_number, "number", "digits"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    if (!rows[i].value || !rows[i].good(rows[i].value))
      return g_strdup_printf("the %s is not usable; wanted: %s", rows[i].name, rows[i].wanted);
  if (g_str_equal(a->phone, a->number))
    return g_strdup("the phone and the room need different numbers");
  return NULL;
}

/* --- what is written */
char *gw_init_conf(const gw_init_answers *a) {
  return g_strdup_printf(
      "# Tipring, first written by tipringctl init. All keys: tipring.conf(5); check: tipringd -t\n"
      "xmpp = {\n"
      "  domain = \"%s\";   # phones appear as NUMBER@%s\n"
      "  secret = \"%s\";\n"
      "  host = \"127.0.0.1\"; port = 5347;   # component port of the XMPP server\n"
      "};\n"
      "sip = { listen = [ \"udp:0.0.0.0:5060\", \"tcp:0.0.0.0:5060\" ]; };\n"
      "media = { rtp_ports = [ 20000, 29999 ]; };\n"
      "phones = (\n"
      "  { number = \"%s\"; password = \"%s\"; name = \"Phone %s\"; }\n"
      ");\n"
      "rooms = (\n"
      "  { number = \"%s\"; room = \"%s\"; }\n"
      ");\n",
      a->domain, a->domain, a->secret, a->phone, a->password, a->phone, a->number, a->room);
}

/* --- what the XMPP server needs */
static const char *muc_of(const gw_init_answers *a) {
  return strchr(a->room, '@') + 1;
}

/* "rooms.example.org" hangs under "example.org": where the users most probably live. */
static const char *users_of(const gw_init_answers *a) {
  const char *dot = strchr(muc_of(a), '.');
  return dot && strchr(dot + 1, '.') ? dot + 1 : muc_of(a);
}

static char *prosody_global(const gw_init_answers *a) {
  return g_strdup("-- and \"groups\"; among modules_enabled\n"
                  "groups_file = \"/etc/prosody/tipring-groups.txt\"\n");
}

static char *prosody_components(const gw_init_answers *a) {
  return g_strdup_printf(
      "Component \"%s\" \"muc\"   -- if it is there already, only the lines below this one\n"
      "  admins = { \"gateway@%s\" }   -- sees calls early, makes phones members\n"
      "  muc_room_default_public_jids = true   -- Jingle needs real addresses\n"
      "Component \"%s\"\n"
      "  component_secret = \"%s\"\n",
      muc_of(a), a->domain, a->domain, a->secret);
}

/* "+": everybody's contact list, without naming the users. */
static char *prosody_groups(const gw_init_answers *a) {
  return g_strdup_printf("[+Telephone]\n"
                         "%s@%s=Phone %s\n"
                         "guest@%s=Guest\n"
                         "gateway@%s=Telephone gateway\n"
                         "phones@%s=Telephones\n", /* for rooms with identity = "shared" */
                         a->phone, a->domain, a->phone, a->domain, a->domain, a->domain);
}

static char *ejabberd_conf(const gw_init_answers *a) {
  return g_strdup_printf("listen:\n"
                         "  - port: 5347\n"
                         "    ip: \"127.0.0.1\"\n"
                         "    module: ejabberd_service\n"
                         "    hosts: { \"%s\": { password: \"%s\" } }\n"
                         "acl:\n"
                         "  tipring: { user: [ \"gateway@%s\" ] }\n"
                         "access_rules:\n"
                         "  muc_admin: { allow: tipring }\n"
                         "modules:\n"
                         "  mod_muc:\n"
                         "    access_admin: muc_admin\n"
                         "    default_room_options: { anonymous: false }\n",
                         a->domain, a->secret, a->domain);
}

/* Not a shared roster group: ejabberd keeps addresses out of it that are not of a host of its own. */
static char *ejabberd_commands(const gw_init_answers *a) {
  const char *users = users_of(a), *d = a->domain;
  return g_strdup_printf(
      "for user in $(ejabberdctl registered_users %s); do   # again for new users and phones\n"
      "  ejabberdctl add_rosteritem $user %s %s %s \"Phone %s\" Telephone both\n"
      "  ejabberdctl add_rosteritem $user %s guest %s Guest Telephone both\n"
      "  ejabberdctl add_rosteritem $user %s gateway %s \"Telephone gateway\" Telephone both\n"
      "  ejabberdctl add_rosteritem $user %s phones %s Telephones Telephone both\n"
      "done\n",
      users, users, a->phone, d, a->phone, users, d, users, d, users, d);
}

const gw_init_piece gw_init_pieces[] = {
    {"prosody_global", "Prosody: global part of /etc/prosody/prosody.cfg.lua", prosody_global},
    {"prosody_components", "Prosody: end of /etc/prosody/prosody.cfg.lua", prosody_components},
    {"prosody_groups", "Prosody: /etc/prosody/tipring-groups.txt", prosody_groups},
    {"ejabberd", "ejabberd: merge into /etc/ejabberd/ejabberd.yml", ejabberd_conf},
    {"ejabberd_commands", "ejabberd: once, with the server running", ejabberd_commands},
    {NULL, NULL, NULL},
};
