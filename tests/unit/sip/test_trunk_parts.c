/* test_trunk_parts.c - the pure parts of trunks: the machine, whose address it is, who calls, the order of hosts. */
#include <string.h>
#include "base/timer.h"
#include "sip/identity.h"
#include "sip/resolver.h"
#include "sip/trunk.h"

/* --- the machine, step by step: "R" resolve, "G" register, "P" ping, "C" state told --- */

typedef struct {
  gw_trunk_machine m;
  gint64 now;
} player;

static char *play(player *p, gw_te e) {
  gw_ta actions[GW_TA_MAX];
  GString *out = g_string_new(NULL);
  guint n = gw_trunk_machine_step(&p->m, &e, p->now, G_MAXUINT32 / 2, actions);
  for (guint i = 0; i < n; i++)
    g_string_append_c(out, "RGPC"[actions[i]]);
  return g_string_free(out, FALSE);
}

static void expect(player *p, gw_te e, const char *actions, gw_ts state) {
  g_autofree char *got = play(p, e);
  g_assert_cmpstr(got, ==, actions);
  g_assert_cmpint(p->m.state, ==, state);
}

/* To the next deadline; it must lie within. */
static void wait(player *p, gint64 min, gint64 max) {
  gint64 due = gw_trunk_machine_deadline(&p->m);
  g_assert_cmpint(due, !=, GW_NEVER);
  g_assert_cmpint(due - p->now, >=, min);
  g_assert_cmpint(due - p->now, <=, max);
  p->now = due;
}

static const gw_te tick = {.type = GW_TE_TICK}, begin = {.type = GW_TE_START},
                   quiet = {.type = GW_TE_SILENT}, alive = {.type = GW_TE_ALIVE},
                   two = {.type = GW_TE_HOSTS, .n = 2, .kept = -1},
                   one = {.type = GW_TE_HOSTS, .n = 1, .kept = -1},
                   none = {.type = GW_TE_HOSTS, .n = 0, .kept = -1},
                   ok = {.type = GW_TE_OK, .granted_s = 600};

static gw_te no(guint status) {
  return (gw_te){.type = GW_TE_REFUSED, .status = status, .reason = "No"};
}

static void test_registers_and_refreshes(void) {
  player p = {.now = GW_SEC(1000)};
  gw_trunk_machine_init(&p.m, TRUE, 0, 600);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, one, "G", GW_TS_TRYING);
  expect(&p, ok, "C", GW_TS_UP);
  wait(&p, GW_SEC(250),
       GW_SEC(540)); /* looked up again before it is renewed, or renewed: both before it expires */
  for (guint i = 0; i < 20; i++) {
    g_autofree char *did = play(&p, tick);
    g_assert_cmpint(p.m.state, ==, GW_TS_UP);
    if (!strcmp(did, "G"))
      expect(&p, ok, "", GW_TS_UP);
    else
      expect(&p, (gw_te){.type = GW_TE_HOSTS, .n = 1, .kept = 0}, "", GW_TS_UP);
    wait(&p, 0, GW_SEC(540));
  }
}

static void test_never_gives_up(void) {
  static const struct {
    guint status; /* 0: silence */
    gint64 first_min, last_max;
  } rows[] = {{0, GW_SEC(1), GW_SEC(120)},    {503, GW_SEC(1), GW_SEC(120)},
              {403, GW_SEC(15), GW_SEC(600)}, {401, GW_SEC(15), GW_SEC(600)},
              {302, GW_SEC(15), GW_SEC(600)}, {604, GW_SEC(15), GW_SEC(600)}};
  for (guint k = 0; k < G_N_ELEMENTS(rows); k++) {
    player p = {.now = GW_SEC(1000)};
    gint64 last = 0;
    gw_trunk_machine_init(&p.m, TRUE, 30, 600);
    expect(&p, begin, "R", GW_TS_TRYING);
    for (guint i = 0; i < 200; i++) {
      expect(&p, one, "G", i ? GW_TS_DOWN : GW_TS_TRYING);
      g_autofree char *did = play(&p, rows[k].status ? no(rows[k].status) : quiet);
      g_assert_cmpint(p.m.state, ==, GW_TS_DOWN);
      g_assert_cmpstr(did, ==, i ? "" : "C");
      gint64 before = p.now;
      wait(&p, rows[k].first_min, rows[k].last_max);
      g_assert_cmpint(p.now - before, >=, last); /* the same chance each time: it only grows */
      last = p.now - before;
      expect(&p, tick, "R", GW_TS_DOWN);
    }
    g_assert_cmpint(last, >=, rows[k].last_max / 2);
    expect(&p, one, "G", GW_TS_DOWN);
    expect(&p, ok, "C", GW_TS_UP);
    g_assert_cmpstr(p.m.reason, ==, "");
  }
}

static void test_next_host(void) {
  player p = {.now = GW_SEC(1000)};
  gw_trunk_machine_init(&p.m, TRUE, 10, 600);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, two, "G", GW_TS_TRYING);
  expect(&p, quiet, "G", GW_TS_TRYING); /* at once, at the second */
  g_assert_cmpuint(p.m.host, ==, 1);
  expect(&p, ok, "C", GW_TS_UP);
  wait(&p, GW_SEC(5), GW_SEC(10));
  expect(&p, tick, "P", GW_TS_UP);
  expect(&p, quiet, "", GW_TS_UP); /* one may be lost */
  wait(&p, 0, GW_SEC(1));
  expect(&p, tick, "P", GW_TS_UP);
  expect(&p, quiet, "C", GW_TS_DOWN); /* it was the last one */
  wait(&p, 0, GW_SEC(2));
  expect(&p, tick, "R", GW_TS_DOWN);
  expect(&p, two, "G", GW_TS_DOWN);
  expect(&p, ok, "C", GW_TS_UP);
  g_assert_cmpuint(p.m.host, ==, 0);
  wait(&p, 0, GW_SEC(10));
  expect(&p, tick, "P", GW_TS_UP);
  expect(&p, quiet, "", GW_TS_UP);
  wait(&p, 0, GW_SEC(1));
  expect(&p, tick, "P", GW_TS_UP);
  expect(&p, quiet, "CG", GW_TS_TRYING); /* and now there is another */
  expect(&p, ok, "C", GW_TS_UP);
}

static gw_te found(guint n, int kept) {
  return (gw_te){.type = GW_TE_HOSTS, .n = n, .kept = kept};
}

/* The name server takes longer than the registration lasts: that is renewed where it is, and asked whether it lives. */
static void test_slow_names(void) {
  player p = {.now = GW_SEC(1000)};
  gw_trunk_machine_init(&p.m, TRUE, 0, 600);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, two, "G", GW_TS_TRYING);
  expect(&p, ok, "C", GW_TS_UP);
  p.now = p.m.resolve_us;
  expect(&p, tick, "R", GW_TS_UP);
  for (guint i = 0; i < 5; i++) { /* nothing comes back */
    wait(&p, 0, GW_SEC(540));
    expect(&p, tick, "G", GW_TS_UP);
    expect(&p, ok, "", GW_TS_UP);
  }
  expect(&p, found(3, 1), "", GW_TS_UP); /* at last; the host in use is the second there */
  g_assert_cmpuint(p.m.host, ==, 1);
  p.now = MIN(p.m.resolve_us, p.m.refresh_us - 1);
  p.m.resolve_us = p.now;
  expect(&p, tick, "R", GW_TS_UP);
  p.now = p.m.refresh_us;
  expect(&p, tick, "G", GW_TS_UP);
  expect(&p, found(2, -1), "G", GW_TS_UP); /* it has moved while it was asked: the new place is */
  g_assert_cmpuint(p.m.host, ==, 0);
  expect(&p, ok, "", GW_TS_UP);
  p.now = p.m.resolve_us;
  expect(&p, tick, "R", GW_TS_UP);
  p.now = p.m.refresh_us;
  expect(&p, tick, "G", GW_TS_UP);
  expect(&p, no(403), "C", GW_TS_DOWN);
  p.now = gw_trunk_machine_deadline(&p.m);
  expect(&p, tick, "", GW_TS_DOWN); /* the question of before is still out: it will do */
  expect(&p, found(1, -1), "G", GW_TS_DOWN);
  expect(&p, ok, "C", GW_TS_UP);
  p.now = p.m.resolve_us;
  expect(&p, tick, "R", GW_TS_UP);
  p.now = p.m.refresh_us;
  expect(&p, tick, "G", GW_TS_UP);
  expect(&p, no(403), "C", GW_TS_DOWN);
  expect(&p, found(2, -1), "", GW_TS_DOWN); /* that no is to be waited for all the same */
  wait(&p, GW_SEC(15), GW_SEC(30));
  expect(&p, tick, "R", GW_TS_DOWN);
}

static void test_peer(void) {
  player p = {.now = GW_SEC(1000)};
  gw_trunk_machine_init(&p.m, FALSE, 30, 600);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, none, "C", GW_TS_DOWN);
  g_assert_cmpstr(p.m.reason, ==, "its name leads nowhere");
  wait(&p, GW_SEC(1), GW_SEC(2));
  expect(&p, tick, "R", GW_TS_DOWN);
  expect(&p, one, "P", GW_TS_DOWN);
  expect(&p, alive, "C", GW_TS_UP);
  p.now = p.m.resolve_us; /* the name server is away for a while: the trunk is not */
  expect(&p, tick, "R", GW_TS_UP);
  expect(&p, none, "", GW_TS_UP);
  gw_trunk_machine_init(&p.m, FALSE, 0, 600); /* nobody asks: it counts as up */
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, one, "C", GW_TS_UP);
}

static void test_nonsense(void) {
  player p = {.now = GW_SEC(1000)};
  gw_trunk_machine_init(&p.m, TRUE, 0, 600);
  expect(&p, ok, "", GW_TS_TRYING); /* answers to nothing */
  expect(&p, alive, "", GW_TS_TRYING);
  expect(&p, quiet, "", GW_TS_TRYING);
  expect(&p, no(423), "", GW_TS_TRYING);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, one, "G", GW_TS_TRYING);
  gw_te brief = no(423);
  brief.min_expires_s = 1200;
  expect(&p, brief, "G", GW_TS_TRYING);
  g_assert_cmpuint(p.m.expires_s, ==, 1200);
  brief.min_expires_s = 2400; /* and again: no auction */
  expect(&p, brief, "C", GW_TS_DOWN);
  g_assert_cmpuint(p.m.expires_s, ==, 600);
  static const struct {
    guint granted;
    gint64 min, max;
  } rows[] = {{1, GW_SEC(9), GW_SEC(18)},
              {60, GW_SEC(27), GW_SEC(54)},
              {G_MAXUINT, GW_SEC(1620), GW_SEC(3240)}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    p.now = gw_trunk_machine_deadline(&p.m);
    gw_trunk_machine_init(&p.m, TRUE, 0, 600);
    expect(&p, begin, "R", GW_TS_TRYING);
    expect(&p, one, "G", GW_TS_TRYING);
    expect(&p, (gw_te){.type = GW_TE_OK, .granted_s = rows[i].granted}, "C", GW_TS_UP);
    g_assert_cmpint(p.m.refresh_us - p.now, >=, rows[i].min);
    g_assert_cmpint(p.m.refresh_us - p.now, <=, rows[i].max);
  }
  gw_trunk_machine_init(&p.m, TRUE, 0, 600);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, one, "G", GW_TS_TRYING);
  expect(&p, (gw_te){.type = GW_TE_OK, .granted_s = 0}, "C", GW_TS_DOWN);
  gw_te later = no(503);
  later.retry_after_s = G_MAXUINT; /* believed for a while only */
  gw_trunk_machine_init(&p.m, TRUE, 0, 600);
  expect(&p, begin, "R", GW_TS_TRYING);
  expect(&p, one, "G", GW_TS_TRYING);
  expect(&p, later, "C", GW_TS_DOWN);
  wait(&p, GW_SEC(119), GW_SEC(120));
}

/* --- addresses --- */

static void test_networks(void) {
  static const struct {
    const char *network, *ip;
    gboolean in;
  } rows[] = {
      {"192.0.2.7", "192.0.2.7", TRUE},
      {"192.0.2.7", "192.0.2.8", FALSE},
      {"192.0.2.0/24", "192.0.2.255", TRUE},
      {"192.0.2.0/24", "192.0.3.0", FALSE},
      {"192.0.2.128/25", "192.0.2.127", FALSE},
      {"192.0.2.128/25", "192.0.2.129", TRUE},
      {"192.0.2.7/32", "192.0.2.7", TRUE},
      {"192.0.2.7/31", "192.0.2.6", TRUE},
      {"0.0.0.0/0", "203.0.113.9", TRUE},
      {"0.0.0.0/0", "2001:db8::1", FALSE},
      {"2001:db8::/32", "2001:db8:1::5", TRUE},
      {"2001:db8::/32", "2001:db9::5", FALSE},
      {"2001:db8::/33", "2001:db8:8000::", FALSE},
      {"2001:DB8::1", "2001:db8:0::1", TRUE},
      {"::/0", "192.0.2.7", FALSE},
      {"192.0.2.0/24", "::ffff:192.0.2.7", FALSE},
      {"192.0.2.0/33", "192.0.2.0", FALSE},
      {"192.0.2.0/", "192.0.2.0", FALSE},
      {"192.0.2.0/24", "", FALSE},
      {"", "192.0.2.7", FALSE},
      {"192.0.2.0/24", "provider.example", FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpint(gw_net_contains(rows[i].network, rows[i].ip), ==, rows[i].in);
}

/* --- who calls --- */

static void test_identities(void) {
  static const struct {
    const char *value, *user, *name, *parameters; /* user NULL: none in it */
  } rows[] = {
      {"\"Anna\" <sip:+4930@h>", "+4930", "Anna", ""},
      {"Anna B <sip:+4930@h;user=phone>;party=calling;privacy=full", "+4930", "Anna B",
       ";party=calling;privacy=full"},
      {"<tel:+4930;phone-context=x>, <sip:me@h>", "+4930", "", ""},
      {"sip:+4930@h;x=y", "+4930", "", ";x=y"},
      {"<mailto:a@b>, \"B, C\" <sips:7@h>", "7", "B, C", ""},
      {"\"a \\\"quoted\\\" <sip:evil@x>\" <sip:7@h>", "7", "a \"quoted\" <sip:evil@x>", ""},
      {"<sip:7%0a8:secret@h>", "78", "", ""},
      {"\"open <sip:7@h>", NULL, NULL, NULL},
      {"<sip:7@h", NULL, NULL, NULL},
      {"<sip:h>", NULL, NULL, NULL},
      {",,, ,", NULL, NULL, NULL},
      {"", NULL, NULL, NULL},
      {"<>", NULL, NULL, NULL},
      {"anonymous", NULL, NULL, NULL},
      {NULL, NULL, NULL, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *user = NULL, *name = NULL, *parameters = NULL;
    gboolean found = gw_identity_parse(rows[i].value, &user, &name, &parameters);
    g_assert_cmpint(found, ==, rows[i].user != NULL);
    if (!found) continue;
    g_assert_cmpstr(user, ==, rows[i].user);
    g_assert_cmpstr(name, ==, rows[i].name);
    g_assert_cmpstr(parameters, ==, rows[i].parameters);
  }
  g_autofree char *lengthy = g_strnfill(2000, '<'), *user = NULL, *name = NULL, *rest = NULL;
  g_assert_false(gw_identity_parse(lengthy, &user, &name, &rest));
}

static void test_told(void) {
  g_autofree char *shown = gw_identity_print("+4930", "Anna \"A\"\r\nEvil: 1", "h.example");
  g_autofree char *hidden = gw_identity_print("", "Anna", "h.example");
  g_assert_cmpstr(shown, ==,
                  "P-Asserted-Identity: \"Anna \\\"A\\\"Evil: 1\" <sip:+4930@h.example>\r\n");
  g_assert_cmpstr(hidden, ==, "Privacy: id\r\n");
}

/* --- the order of hosts --- */

static guint32 from_list(void *data) {
  guint32 **next = data;
  return *(*next)++;
}

static void test_order(void) {
  guint first[3] = {0};
  for (guint32 i = 0; i <= 100; i++) { /* every number that can be drawn, once */
    char names[][8] = {"backup", "small", "big", "none"};
    gw_dns_srv rows[] = {{20, 50, 5060, names[0], GW_DNS_UDP},
                         {10, 20, 5060, names[1], GW_DNS_UDP},
                         {10, 80, 5060, names[2], GW_DNS_UDP},
                         {10, 0, 5060, names[3], GW_DNS_UDP}};
    guint32 draws[] = {i, 0, 0, 0, 0}, *next = draws;
    gw_dns_order(rows, G_N_ELEMENTS(rows), from_list, &next);
    g_assert_cmpstr(rows[3].target, ==, "backup");
    for (guint k = 0; k < 3; k++)
      first[k] += strcmp(rows[0].target, names[k + 1]) == 0;
  }
  g_assert_cmpuint(first[0], ==, 20);
  g_assert_cmpuint(first[1], ==, 80);
  g_assert_cmpuint(first[2], ==, 1);
  gw_dns_order(NULL, 0, from_list, NULL);
}

static void test_literal(void) {
  static const struct {
    gw_dns_question q;
    const char *address;
    guint port;
    gw_dns_transport transport;
  } rows[] = {
      {{"192.0.2.7", 0, GW_DNS_UDP | GW_DNS_TCP, TRUE, TRUE}, "192.0.2.7", 5060, GW_DNS_UDP},
      {{"192.0.2.7", 5070, GW_DNS_TCP, TRUE, FALSE}, "192.0.2.7", 5070, GW_DNS_TCP},
      {{"2001:db8::1", 0, GW_DNS_TLS, TRUE, TRUE}, "2001:db8::1", 5061, GW_DNS_TLS},
      {{"2001:db8::1", 0, GW_DNS_UDP, TRUE, FALSE}, NULL, 0, 0}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GPtrArray) hosts = gw_dns_find(&rows[i].q);
    g_assert_cmpuint(hosts->len, ==, rows[i].address ? 1 : 0);
    if (!hosts->len) continue;
    const gw_dns_host *h = hosts->pdata[0];
    g_assert_cmpstr(h->address, ==, rows[i].address);
    g_assert_cmpuint(h->port, ==, rows[i].port);
    g_assert_cmpint(h->transport, ==, rows[i].transport);
  }
}

static void on_found(GPtrArray *hosts, void *data) {
  g_ptr_array_add(data, hosts); /* NULL, too */
}

static void test_resolver(void) {
  g_autoptr(GMainContext) ctx = g_main_context_new();
  g_autoptr(GPtrArray) told = g_ptr_array_new();
  gw_dns_question q = {.name = "127.0.0.1", .port = 5080, .wanted = GW_DNS_UDP, .v4 = TRUE};
  gw_resolver *r = gw_resolver_new(ctx);
  for (guint i = 0; i < 3; i++)
    gw_resolver_ask(r, &q, on_found, told);
  while (told->len < 3)
    g_main_context_iteration(ctx, TRUE);
  for (guint i = 0; i < 3; i++) {
    g_autoptr(GPtrArray) hosts = told->pdata[i];
    g_assert_cmpuint(hosts->len, ==, 1);
    g_assert_cmpuint(((gw_dns_host *)hosts->pdata[0])->port, ==, 5080);
  }
  for (guint i = 0; i < 20; i++)
    gw_resolver_ask(r, &q, on_found, told);
  gw_resolver_free(r); /* while threads are at it, or have just handed in their answers */
  g_assert_cmpuint(told->len, ==, 23);
  for (guint i = 3; i < told->len; i++)
    g_assert_null(told->pdata[i]);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/trunk-machine/registers-and-refreshes", test_registers_and_refreshes);
  g_test_add_func("/trunk-machine/slow-names", test_slow_names);
  g_test_add_func("/trunk/resolver", test_resolver);
  g_test_add_func("/trunk-machine/never-gives-up", test_never_gives_up);
  g_test_add_func("/trunk-machine/next-host", test_next_host);
  g_test_add_func("/trunk-machine/peer", test_peer);
  g_test_add_func("/trunk-machine/nonsense", test_nonsense);
  g_test_add_func("/trunk/networks", test_networks);
  g_test_add_func("/trunk/identities", test_identities);
  g_test_add_func("/trunk/told", test_told);
  g_test_add_func("/trunk/order", test_order);
  g_test_add_func("/trunk/literal", test_literal);
  return g_test_run();
}
