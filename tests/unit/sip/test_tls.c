/* test_tls.c - SIP over TLS on loopback: registration, calls both ways on one connection, sips:, certificates right and
 * wrong, and what is no TLS at all. The certificates are made by the openssl program at the start. */
#include "rig.h"
#include "sip/tls.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

/* The SIP library forgets some 250 bytes of each certificate with names that the other side shows. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "fast_unwind_on_malloc=0";
}
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:tls_connect\n";
}

static char *folder;

static char *path(const char *name) {
  return g_build_filename(folder, name, NULL);
}

/* Runs openssl in the folder; the words are parted by blanks. */
static void openssl(const char *words) {
  g_autofree char *line = g_strconcat("openssl ", words, NULL), *err = NULL;
  g_auto(GStrv) argv = g_strsplit(line, " ", -1);
  int status = 0;
  g_assert_true(g_spawn_sync(folder, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                             NULL, NULL, NULL, &err, &status, NULL));
  if (status) g_error("%s: %s", line, err);
}

static void issue(const char *name, const char *ca, const char *days, const char *names) {
  g_autofree char *request =
      g_strdup_printf("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                      "-keyout %s.key -out %s.csr -subj /CN=%s",
                      name, name, name);
  g_autofree char *sign =
      g_strdup_printf("x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days %s "
                      "-extfile %s -out %s.pem",
                      name, ca, ca, days, names, name);
  openssl(request);
  openssl(sign);
  g_autofree char *key = g_strconcat(folder, "/", name, ".key", NULL);
  g_chmod(key, 0600);
}

static void make_certificates(void) {
  const char *tmp = g_getenv("TMPDIR");
  folder = g_mkdtemp(g_build_filename(tmp ? tmp : "/tmp", "tipring-test-tls-XXXXXX", NULL));
  g_autofree char *san = path("san"), *other_san = path("other-san");
  g_assert_true(g_file_set_contents(other_san, "subjectAltName=DNS:elsewhere.test\n", -1, NULL));
  /* as a name: the library does not look for addresses in certificates */
  g_assert_true(g_file_set_contents(san, "subjectAltName=DNS:127.0.0.1\n", -1, NULL));
  openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem "
          "-days 30 -subj /CN=ca");
  openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out "
          "other.pem -days 30 "
          "-subj /CN=other");
  issue("server", "ca", "30", "san");
  issue("phone", "ca", "30", "other-san");
  issue("expired", "ca", "-1", "san");
  issue("soon", "ca", "3", "san");
  openssl("ec -in server.key -aes128 -passout pass:x -out locked.key");
  openssl("ec -in server.key -out open.key");
  g_autofree char *open = path("open.key"), *locked = path("locked.key"), *text = path("text.pem");
  g_chmod(open, 0644);
  g_chmod(locked, 0600);
  g_assert_true(g_file_set_contents(text, "no certificate\n", -1, NULL));
}

static void remove_certificates(void) {
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name(dir));) {
    g_autofree char *file = path(name);
    g_unlink(file);
  }
  g_rmdir(folder);
  g_free(folder);
}

/* -- files -- */

static void check_files(void) {
  static const struct {
    const char *certificate, *key, *ca, *file, *why; /* why NULL: good */
  } rows[] = {
      {"server.pem", "server.key", NULL, NULL, NULL},
      {"server.pem", "server.key", "ca.pem", NULL, NULL},
      {"missing.pem", "server.key", NULL, "missing.pem", "No such file"},
      {"server.pem", "missing.key", NULL, "missing.key", "No such file"},
      {"server.pem", "phone.key", NULL, "phone.key", "another certificate"},
      {"expired.pem", "expired.key", NULL, "expired.pem", "has expired"},
      {"server.pem", "open.key", NULL, "open.key", "open to others"},
      {"server.pem", "locked.key", NULL, "locked.key", "without a passphrase"},
      {"text.pem", "server.key", NULL, "text.pem", "no certificate in PEM form"},
      {"server.pem", "text.pem", NULL, "text.pem", "open to others"},
      {"server.key", "server.key", NULL, "server.key", "no certificate in PEM form"},
      {"server.pem", "server.key", "text.pem", "text.pem", "no certificate"},
      {"server.pem", "server.key", "missing.pem", "missing.pem", "No such file"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *certificate = path(rows[i].certificate), *key = path(rows[i].key),
                    *ca = rows[i].ca ? path(rows[i].ca) : NULL;
    g_autoptr(GError) error = NULL;
    gint64 expires = 0;
    gboolean ok = gw_sip_tls_check(certificate, key, ca, &expires, &error);
    g_test_message("row %u: %s", i, error ? error->message : "ok");
    g_assert_cmpint(ok, ==, rows[i].why == NULL);
    g_assert_cmpint(ok, ==, error == NULL);
    if (ok) {
      gint64 days = (expires - g_get_real_time() / G_USEC_PER_SEC) / 86400;
      g_assert_cmpint(days, >=, 28);
      g_assert_cmpint(days, <=, 30);
    } else {
      g_assert_nonnull(strstr(error->message, rows[i].file));
      g_assert_nonnull(strstr(error->message, rows[i].why));
    }
  }
}

/* In this process's own place for temporary files: see main. */
static guint tls_folders(void) {
  guint n = 0;
  g_autoptr(GDir) dir = g_dir_open(g_get_tmp_dir(), 0, NULL);
  for (const char *name; (name = g_dir_read_name(dir));)
    n += g_str_has_prefix(name, "tipring-tls-");
  return n;
}

static void check_no_start(void) {
  static const char *const listen[] = {"tls:127.0.0.1:0", NULL};
  g_autofree char *certificate = path("expired.pem"), *key = path("expired.key");
  g_autoptr(GError) error = NULL;
  gw_sip_config c = {.listen = listen, .realm = "r", .certificate = certificate, .key = key};
  g_assert_null(gw_sip_new(NULL, &c, &(gw_sip_events){0}, NULL, &error));
  g_assert_nonnull(strstr(error->message, "expired"));
}

/* -- a rig with TLS -- */

typedef struct {
  const char *certificate, *key, *client_ca; /* of the server */
  const char *own, *own_key, *server_ca;     /* of the client; own NULL: signs itself */
} files;

static rig *tls_rig(const files *f) {
  static const char *const all[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tls:127.0.0.1:0", NULL};
  static const char *const only[] = {"tls:127.0.0.1:0", NULL};
  g_autofree char *certificate = path(f->certificate), *key = path(f->key),
                  *client_ca = f->client_ca ? path(f->client_ca) : NULL,
                  *own = f->own ? path(f->own) : NULL, *own_key = f->own ? path(f->own_key) : NULL,
                  *server_ca = f->server_ca ? path(f->server_ca) : NULL;
  guint before = tls_folders();
  rig *r = rig_new_with(&(gw_sip_config){.listen = all,
                                         .realm = "phones.test",
                                         .max_calls = 20,
                                         .certificate = certificate,
                                         .key = key,
                                         .client_ca = client_ca},
                        &(gw_sip_config){.listen = only,
                                         .realm = "",
                                         .open = TRUE,
                                         .certificate = own,
                                         .key = own_key,
                                         .server_ca = server_ca});
  g_assert_cmpuint(tls_folders(), ==, before); /* no copy of the key stays on disk */
  return r;
}

static const files usual = {"server.pem", "server.key"};

static gw_sip_line *register_100(rig *r, guint *up, guint *down) {
  g_autofree char *uri = g_strdup_printf("sip:127.0.0.1:%u;transport=tls", r->server.tls);
  return rig_register_at(r, uri, "100", "secret", up, down);
}

static void end_call(rig *r, end *made, end *in) {
  gw_sip_call_hangup(made->call, GW_CAUSE_NORMAL);
  g_assert_true(RIG_WAIT(r, made->states[GW_SIP_ENDED] && in->states[GW_SIP_ENDED]));
  g_assert_cmpint(in->cause, ==, GW_CAUSE_NORMAL);
}

static void check_call(gconstpointer scheme) {
  rig *r = tls_rig(&usual);
  gboolean sips = strcmp(scheme, "sips") == 0;
  g_autoptr(gw_desc) offer = rig_desc(40000, GW_DIR_SENDRECV);
  g_autofree char *uri = g_strdup_printf("%s:8000@127.0.0.1:%u%s", (const char *)scheme,
                                         r->server.tls, sips ? "" : ";transport=tls");
  end *out = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, out->states[GW_SIP_CONFIRMED] && rig_in(&r->server, 0)));
  end *in = rig_in(&r->server, 0);
  g_assert_true(RIG_WAIT(r, in->states[GW_SIP_CONFIRMED]));
  g_assert_true(g_str_has_prefix(in->source, "tls:127.0.0.1:"));
  g_assert_cmpstr(in->phone, ==, "100");
  g_assert_true(gw_sip_call_secure(in->call));
  g_assert_true(gw_sip_call_secure(out->call));
  g_autoptr(gw_desc) hold = rig_desc(40000, GW_DIR_SENDONLY);
  gw_sip_call_reinvite(out->call, hold);
  g_assert_true(RIG_WAIT(r, in->offers == 1 && out->remotes == 2));
  end_call(r, out, in);
  rig_free(r);
}

/* The phone is rung over the connection that it opened itself: behind NAT there is no other way. */
static void check_ring(void) {
  rig *r = tls_rig(&usual);
  guint up = 0, down = 0;
  gw_cause why = GW_CAUSE_NONE;
  gw_sip_line *line = register_100(r, &up, &down);
  g_assert_true(RIG_WAIT(r, up));
  g_assert_true(g_str_has_prefix(r->server.last_source, "tls:127.0.0.1:"));
  g_autoptr(gw_desc) offer = rig_desc(40000, GW_DIR_SENDRECV);
  end *out = rig_dial_phone(r, "100", offer, &why);
  g_assert_nonnull(out);
  g_assert_true(RIG_WAIT(r, out->states[GW_SIP_CONFIRMED] && rig_in(&r->client, 0)));
  g_assert_true(gw_sip_call_secure(out->call));
  end *in = rig_in(&r->client, 0);
  g_assert_true(RIG_WAIT(r, in->states[GW_SIP_CONFIRMED]));
  end_call(r, out, in);
  gw_sip_line_free(line);
  g_assert_true(RIG_WAIT(r, r->server.bindings_gone == 1));
  rig_free(r);
}

/* Nothing of a connection stays behind (the sanitizers look, too). */
static void check_mended(void) {
  guint before = gw_tls_mend_count();
  for (guint i = 0; i < 5; i++) {
    rig *r = tls_rig(&usual);
    guint up = 0, down = 0;
    gw_sip_line *line = register_100(r, &up, &down);
    g_assert_true(RIG_WAIT(r, up));
    gw_sip_line_free(line);
    rig_free(r);
  }
  g_assert_cmpuint(gw_tls_mend_count() - before, ==, 10); /* both ends */
}

static void check_plain_is_not_secure(void) {
  rig *r = rig_new();
  g_autoptr(gw_desc) offer = rig_desc(40000, GW_DIR_SENDRECV);
  g_autofree char *uri = g_strdup_printf("sip:8000@127.0.0.1:%u", r->server.udp);
  end *out = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, out->states[GW_SIP_CONFIRMED]));
  g_assert_false(gw_sip_call_secure(out->call));
  g_assert_false(gw_sip_call_secure(rig_in(&r->server, 0)->call));
  end_call(r, out, rig_in(&r->server, 0));
  rig_free(r);
}

static void check_sips_without_tls(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *ask =
      wire_request(w, "INVITE", "sips:8000@127.0.0.1", "sips-udp", 1, NULL, NULL, NULL);
  wire_send(w, ask);
  g_assert_cmpuint(wire_status(r, w, 3000), ==, 403);
  g_assert_cmpuint(rig_count_lines(r, "sips without TLS"), ==, 1);
  wire_free(w);
  rig_free(r);
}

/* Who checks whom: rows that connect, and rows that must not. */
static void check_trust(void) {
  static const struct {
    files f;
    gboolean good;
  } rows[] = {
      {{"server.pem", "server.key", NULL, NULL, NULL, "ca.pem"}, TRUE},
      {{"server.pem", "server.key", NULL, NULL, NULL, "other.pem"}, FALSE},
      {{"phone.pem", "phone.key", NULL, NULL, NULL, "ca.pem"}, FALSE}, /* another name */
      {{"server.pem", "server.key", "ca.pem", "phone.pem", "phone.key", NULL}, TRUE},
      {{"server.pem", "server.key", "ca.pem", NULL, NULL, NULL}, FALSE},
      {{"server.pem", "server.key", "other.pem", "phone.pem", "phone.key", NULL}, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig *r = tls_rig(&rows[i].f);
    guint up = 0, down = 0;
    g_test_message("row %u", i);
    gw_sip_line *line = register_100(r, &up, &down);
    g_assert_true(RIG_WAIT(r, up || rig_count_lines(r, "sip-tls-failed")));
    rig_spin(r, 100);
    g_assert_cmpint(up != 0, ==, rows[i].good);
    g_assert_cmpint(rig_count_lines(r, "sip-tls-failed") == 0, ==, rows[i].good);
    g_assert_cmpuint(r->server.bindings_told, ==, rows[i].good ? 1 : 0);
    gw_sip_line_free(line);
    rig_free(r);
  }
}

static void check_expires_soon(void) {
  rig *r = tls_rig(&(files){"soon.pem", "soon.key"});
  g_assert_cmpuint(rig_count_lines(r, "certificate-expires"), ==, 1);
  rig_free(r);
}

static gboolean renew(rig *r, const char *certificate, const char *key, const char *client_ca,
                      char **ret_why) {
  g_autofree char *cert = path(certificate), *own = path(key),
                  *ca = client_ca ? path(client_ca) : NULL;
  g_autoptr(GError) error = NULL;
  gboolean ok = gw_sip_renew_tls(
      r->server.sip, &(gw_sip_config){.certificate = cert, .key = own, .client_ca = ca}, &error);
  *ret_why = error ? g_strdup(error->message) : NULL;
  return ok;
}

typedef struct {
  GPid pid;
  int status;
  gboolean ended;
} client;

static gboolean has_ended(client *c) {
  c->ended = c->ended || waitpid(c->pid, &c->status, WNOHANG) == c->pid;
  return c->ended;
}

/* The openssl program comes, trusts ca.pem and the name 127.0.0.1, and shows the phone's certificate if it is asked. TLS
 * 1.2: a server that refuses the certificate does so before the handshake is over. */
static gboolean comes(rig *r, const char *how, char **ret_said) {
  g_autofree char *command =
      g_strdup_printf("openssl s_client -connect 127.0.0.1:%u -CAfile ca.pem -verify_return_error "
                      "-verify_hostname 127.0.0.1 -cert phone.pem -key phone.key %s >said 2>&1",
                      r->server.tls, how);
  char *argv[] = {(char *)"sh", (char *)"-c", command, NULL};
  client c = {0};
  g_assert_true(g_spawn_async(folder, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                              NULL, NULL, &c.pid, NULL));
  g_assert_true(RIG_WAIT(r, has_ended(&c)));
  g_spawn_close_pid(c.pid);
  g_autofree char *said = path("said");
  g_assert_true(g_file_get_contents(said, ret_said, NULL, NULL));
  g_unlink(said);
  return c.status == 0;
}

static gboolean gets_in(rig *r) {
  g_autofree char *said = NULL;
  return comes(r, "-tls1_2", &said);
}

/* A certificate that is read while running is shown to whoever connects from then on; a broken one changes nothing. */
static void check_renew(void) {
  static const struct {
    const char *certificate, *key, *why; /* why: refused with these words */
    gboolean good;                       /* for a client that trusts ca.pem */
  } rows[] = {
      {"phone.pem", "phone.key", NULL, FALSE}, /* another name */
      {"expired.pem", "expired.key", "expired", FALSE},
      {"server.pem", "server.key", NULL, TRUE},
      {"text.pem", "server.key", "no certificate", TRUE},
      {"server.pem", "phone.key", "another certificate", TRUE},
      {"server.pem", "none.key", "none.key", TRUE},
      {"other.pem", "other.key", NULL, FALSE}, /* another authority */
      {"soon.pem", "soon.key", NULL, TRUE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig *r = tls_rig(&(files){"server.pem", "server.key", NULL, NULL, NULL, NULL});
    for (guint k = 0; k <= i; k++) { /* all that came before, then this one */
      g_autofree char *why = NULL;
      gboolean ok = renew(r, rows[k].certificate, rows[k].key, NULL, &why);
      g_assert_cmpint(ok, ==, rows[k].why == NULL);
      if (!ok) g_assert_nonnull(strstr(why, rows[k].why));
    }
    g_test_message("row %u", i);
    g_assert_cmpint(gets_in(r), ==, rows[i].good);
    rig_free(r);
  }
}

static void check_renew_authorities(void) {
  rig *r =
      tls_rig(&(files){"server.pem", "server.key", "other.pem", "phone.pem", "phone.key", NULL});
  g_autofree char *why = NULL;
  g_assert_true(renew(r, "server.pem", "server.key", "ca.pem", &why));
  g_assert_true(gets_in(r));
  rig_free(r);
  r = tls_rig(&(files){"server.pem", "server.key", "ca.pem", "phone.pem", "phone.key", NULL});
  g_assert_true(renew(r, "server.pem", "server.key", "other.pem", &why));
  g_assert_false(gets_in(r));
  rig_free(r);
}

/* A session of before must not go round what has changed: who was believed then is looked at anew. */
static void check_no_old_session(gconstpointer data) {
  gboolean asked = GPOINTER_TO_INT(data); /* for a certificate */
  rig *r = tls_rig(&(files){"server.pem", "server.key", asked ? "ca.pem" : NULL, "phone.pem",
                            "phone.key", NULL});
  g_autofree char *why = NULL, *first = NULL, *again = NULL, *after = NULL, *old = path("session");
  g_assert_true(comes(r, "-tls1_2 -sess_out session", &first));
  g_assert_true(g_file_test(old, G_FILE_TEST_EXISTS));
  gboolean resumed =
      comes(r, "-tls1_2 -sess_in session", &again) && strstr(again, "Reused,") != NULL;
  g_test_message("before the change: %s", resumed ? "resumed" : "not resumed");
  if (!asked) g_assert_true(resumed); /* else the rest would show nothing */
  g_assert_true(renew(r, "server.pem", "server.key", asked ? "other.pem" : NULL, &why));
  gboolean in = comes(r, "-tls1_2 -sess_in session", &after);
  g_assert_null(strstr(after, "Reused,"));
  g_assert_cmpint(in, ==, !asked);
  g_unlink(old);
  rig_free(r);
}

/* What is no TLS: each is refused with its connection, and the next phone gets in. */
static void check_broken(void) {
  static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 the rest never comes";
  static const struct {
    const char *bytes;
    gsize n;
  } rows[] = {
      {"OPTIONS sip:x SIP/2.0\r\n\r\n", 25},
      {hello, sizeof hello - 1},
      {"\x16\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12},
      {"\x15\x03\x03\x00\x02\x02\x28", 7},
      {"", 0},
      {"\r\n\r\n", 4},
  };
  rig *r = tls_rig(&usual);
  wire *w[G_N_ELEMENTS(rows)];
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    w[i] = wire_tcp(r, r->server.tls);
    wire_send_bytes(w[i], rows[i].bytes, rows[i].n);
  }
  rig_spin(r, 200);
  g_assert_cmpuint(
      rig_count_lines(r, "sip-tls-failed reason=\"no handshake\" source=tls:127.0.0.1:"), >=, 3);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *said = wire_read(r, w[i], 50);
    g_assert_true(!said || !g_str_has_prefix(said, "SIP/2.0"));
  }
  guint up = 0, down = 0;
  gw_sip_line *line = register_100(r, &up, &down);
  g_assert_true(RIG_WAIT(r, up));
  gw_sip_line_free(line);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    wire_free(w[i]);
  rig_free(r);
}

int main(int argc, char **argv) {
  make_certificates();
  g_setenv("TMPDIR", folder, TRUE); /* what is left there was left by this process */
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/tls/files", check_files);
  g_test_add_func("/sip/tls/no-start", check_no_start);
  g_test_add_data_func("/sip/tls/call", "sip", check_call);
  g_test_add_data_func("/sip/tls/call-sips", "sips", check_call);
  g_test_add_func("/sip/tls/ring", check_ring);
  g_test_add_func("/sip/tls/mended", check_mended);
  g_test_add_func("/sip/tls/plain-is-not-secure", check_plain_is_not_secure);
  g_test_add_func("/sip/tls/sips-without-tls", check_sips_without_tls);
  g_test_add_func("/sip/tls/trust", check_trust);
  g_test_add_func("/sip/tls/renew", check_renew);
  g_test_add_func("/sip/tls/renew-authorities", check_renew_authorities);
  g_test_add_data_func("/sip/tls/no-old-session", GINT_TO_POINTER(FALSE), check_no_old_session);
  g_test_add_data_func("/sip/tls/no-old-session-of-a-stranger", GINT_TO_POINTER(TRUE),
                       check_no_old_session);
  g_test_add_func("/sip/tls/expires-soon", check_expires_soon);
  g_test_add_func("/sip/tls/broken", check_broken);
  int code = g_test_run();
  remove_certificates();
  return code;
}
