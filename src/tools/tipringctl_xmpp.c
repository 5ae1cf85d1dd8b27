/* tipringctl_xmpp.c - the doctor's look at the XMPP side: name, log-in as component (XEP-0114),
 * rooms (XEP-0045). A few lines of its own instead of the stream of the daemon: every answer of the
 * server is told as it came. */
#include <gio/gio.h>
#include <string.h>
#include "tools/tipringctl.h"

#define LIMIT 5              /* s for one answer */
#define MAX_STREAM (1 << 20) /* bytes read in all */
#define MAX_ROOMS 20         /* asked */
#define MAX_SERVICES 16      /* STUN and TURN servers that are looked at */
#define MAX_DEPTH 16
#define SHOW_JIDS "let everybody see real JIDs: room option whois = anyone"

/* One top-level element as it came: its name, and everything inside flattened. */
typedef struct {
  char *name, *id, *type;
  GPtrArray *inside; /* char*: element names, and values of their var attribute */
  GPtrArray *turns;  /* char**: type, host, port, transport, user, password of each <service/> */
} element;

typedef struct {
  GSocketConnection *connection;
  GMarkupParseContext *parser;
  gsize read;
  guint depth;
  char *stream_id;
  element now; /* being read */
  GQueue done; /* element */
} stream;

static void element_clear(element *e) {
  g_free(e->name);
  g_free(e->id);
  g_free(e->type);
  g_clear_pointer(&e->inside, g_ptr_array_unref);
  g_clear_pointer(&e->turns, g_ptr_array_unref);
}

static void element_free(element *e) {
  if (!e) return;
  element_clear(e);
  g_free(e);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(element, element_free)

static const char *attribute(const char **names, const char **values, const char *name) {
  for (guint i = 0; names[i]; i++)
    if (g_str_equal(names[i], name)) return values[i];
  return NULL;
}

static void take_service(element *e, const char **names, const char **values) {
  static const char *const wanted[] = {"type", "host", "port", "transport", "username", "password"};
  char **words = g_new0(char *, G_N_ELEMENTS(wanted) + 1);
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    const char *value = attribute(names, values, wanted[i]);
    words[i] = g_strdup(value ? value : "");
  }
  if (e->turns->len < MAX_SERVICES)
    g_ptr_array_add(e->turns, words);
  else
    g_strfreev(words);
}

static void on_start(GMarkupParseContext *context, const char *name, const char **names,
                     const char **values, gpointer user, GError **error) {
  stream *s = user;
  const char *var = attribute(names, values, "var");
  if (++s->depth > MAX_DEPTH) {
    g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_PARSE, "nested too deeply");
  } else if (s->depth == 1) {
    s->stream_id = g_strdup(attribute(names, values, "id"));
  } else if (s->depth == 2) {
    s->now = (element){g_strdup(name), g_strdup(attribute(names, values, "id")),
                       g_strdup(attribute(names, values, "type")),
                       g_ptr_array_new_with_free_func(g_free),
                       g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev)};
  } else {
    g_ptr_array_add(s->now.inside, g_strdup(name));
    if (var) g_ptr_array_add(s->now.inside, g_strdup(var));
    if (g_str_equal(name, "service")) take_service(&s->now, names, values);
  }
}

static void on_end(GMarkupParseContext *context, const char *name, gpointer user, GError **error) {
  stream *s = user;
  if (s->depth-- != 2) return;
  g_queue_push_tail(&s->done, g_memdup2(&s->now, sizeof s->now));
  s->now = (element){0};
}

static const GMarkupParser callbacks = {.start_element = on_start, .end_element = on_end};

static void stream_close(stream *s) {
  if (!s) return;
  g_clear_object(&s->connection);
  g_clear_pointer(&s->parser, g_markup_parse_context_free);
  element_clear(&s->now);
  for (element *e; (e = g_queue_pop_head(&s->done));)
    element_free(e);
  g_free(s->stream_id);
  g_free(s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(stream, stream_close)

static gboolean send_text(stream *s, const char *text, GError **error) {
  GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(s->connection));
  return g_output_stream_write_all(out, text, strlen(text), NULL, NULL, error);
}

static gboolean read_some(stream *s, GError **error) {
  char buf[4096];
  GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(s->connection));
  gssize n = g_input_stream_read(in, buf, sizeof buf, NULL, error);
  if (n < 0) return FALSE;
  s->read += (gsize)n;
  if (n == 0 || s->read > MAX_STREAM) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the server closed the stream");
    return FALSE;
  }
  return g_markup_parse_context_parse(s->parser, buf, n, error);
}

/* The next whole element; NULL: nothing came in time. */
static element *next(stream *s, GError **error) {
  while (g_queue_is_empty(&s->done))
    if (!read_some(s, error)) return NULL;
  return g_queue_pop_head(&s->done);
}

static gboolean holds(const element *e, const char *word) {
  for (guint i = 0; i < e->inside->len; i++)
    if (g_str_equal(g_ptr_array_index(e->inside, i), word)) return TRUE;
  return FALSE;
}

static const char *first_inside(const element *e) {
  return e->inside->len ? g_ptr_array_index(e->inside, 0) : "no reason given";
}

/* --- log-in */
static stream *open_stream(const gw_conf *conf, const char *ns, GError **error) {
  g_autoptr(stream) s = g_new0(stream, 1);
  g_autoptr(GSocketClient) client = g_socket_client_new();
  g_autofree char *head = g_markup_printf_escaped(
      "<?xml version='1.0'?><stream:stream xmlns='%s' "
      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='%s'>",
      ns, gw_conf_str(conf, "xmpp.domain"));
  s->parser = g_markup_parse_context_new(&callbacks, 0, s, NULL);
  g_socket_client_set_timeout(client, LIMIT);
  s->connection = g_socket_client_connect_to_host(
      client, gw_conf_str(conf, "xmpp.host"), (guint16)gw_conf_int(conf, "xmpp.port"), NULL, error);
  if (!s->connection || !send_text(s, head, error)) return NULL;
  while (!s->stream_id && g_queue_is_empty(&s->done))
    if (!read_some(s, error)) return NULL;
  return g_steal_pointer(&s);
}

/* XEP-0114 3: the proof is SHA-1 over stream id and secret. TRUE when the server took it. */
static gboolean shake_hands(stream *s, const gw_conf *conf, char **ret_why) {
  const char *secret = gw_conf_secret(conf, "xmpp.secret");
  g_autofree char *both = g_strconcat(s->stream_id ? s->stream_id : "", secret, NULL);
  g_autofree char *proof = g_compute_checksum_for_string(G_CHECKSUM_SHA1, both, -1);
  g_autofree char *text = g_strdup_printf("<handshake>%s</handshake>", proof);
  g_autoptr(GError) error = NULL;
  /* An error may be there before we spoke (host-unknown). */
  gboolean spoken = !g_queue_is_empty(&s->done) || send_text(s, text, &error);
  while (spoken && !*ret_why) {
    g_autoptr(element) e = next(s, &error);
    if (!e) break;
    if (g_str_equal(e->name, "handshake")) return TRUE;
    if (g_str_equal(e->name, "stream:error")) *ret_why = g_strdup(first_inside(e));
  }
  if (!*ret_why) *ret_why = g_strdup(error->message);
  return FALSE;
}

static const char *log_in_mend(const char *why) {
  if (g_str_equal(why, "not-authorized"))
    return "give xmpp.secret and the server's component the same secret";
  if (g_str_equal(why, "host-unknown"))
    return "add the component xmpp.domain to the server (Prosody: Component \"...\")";
  if (g_str_equal(why, "conflict"))
    return "another program is logged in as this component: stop it";
  return "look at the log of the XMPP server";
}

/* --- rooms */
static void told_room(gw_doctor *d, const char *room, const element *e) {
  const char *why = first_inside(e);
  gboolean error = g_strcmp0(e->type, "error") == 0;
  if (error && holds(e, "item-not-found"))
    gw_doctor_note(d, "room", TRUE, NULL, "%s does not exist yet", room);
  else if (error)
    gw_doctor_note(
        d, "room", FALSE, "is the room service running, and its name right?", "%s: %s", room,
        g_str_equal(why, "error") && e->inside->len > 1 ? (char *)g_ptr_array_index(e->inside, 1)
                                                        : why);
  else if (!holds(e, "muc_nonanonymous"))
    gw_doctor_note(d, "room", FALSE, SHOW_JIDS,
                   "%s hides the addresses of its occupants: calls cannot be set up", room);
  else
    gw_doctor_note(d, "room", TRUE, NULL, "%s is reachable and shows real JIDs%s", room,
                   holds(e, "muc_membersonly") ? "; members only" : "");
}

/* A number that leads to a person: whoever that is may be asked nothing. */
static gboolean is_person(const char *flavour) {
  return g_strcmp0(flavour, "direct") == 0;
}

/* XEP-0045 6.4: what kind of room is it? */
static void ask_room(gw_doctor *d, stream *s, guint i) {
  g_autofree char *path = g_strdup_printf("rooms[%u].room", i);
  g_autofree char *id = g_strdup_printf("check-%u", i);
  const char *room = gw_conf_str(d->conf, path);
  g_autofree char *iq =
      g_markup_printf_escaped("<iq type='get' id='%s' from='gateway@%s/check' to='%s'>"
                              "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
                              id, gw_conf_str(d->conf, "xmpp.domain"), room);
  g_autoptr(GError) error = NULL;
  if (!send_text(s, iq, &error)) return;
  for (;;) {
    g_autoptr(element) e = next(s, &error);
    if (!e) {
      gw_doctor_note(d, "room", FALSE, "is the room service running, and its name right?",
                     "%s gave no answer: %s", room, error->message);
      return;
    }
    if (!g_str_equal(e->name, "iq") || g_strcmp0(e->id, id) != 0) continue;
    told_room(d, room, e);
    return;
  }
}

/* --- TURN servers that the XMPP server names (XEP-0215) */
/* A server without a user of its own goes by that of the same host's, as in the daemon. */
static const char *const *lender(const GPtrArray *all, const char *const *one) {
  for (guint i = 0; i < all->len && !*one[4]; i++) {
    const char *const *other = all->pdata[i];
    if (*other[4] && g_str_equal(other[1], one[1])) return other;
  }
  return one;
}

static void try_service(gw_doctor *d, const GPtrArray *all, const char *const *one) {
  const char *const *credentials = lender(all, one);
  const gboolean tls = g_str_equal(one[0], "turns");
  if ((!tls && !g_str_equal(one[0], "turn")) || (tls && g_str_equal(one[3], "udp"))) return;
  gw_doctor_turn_server(
      d, &(gw_doctor_turn){.host = one[1],
                           .port = (guint16)(*one[2] ? g_ascii_strtoull(one[2], NULL, 10)
                                             : tls   ? 5349
                                                     : 3478),
                           .transport = tls                          ? "tls"
                                        : g_str_equal(one[3], "tcp") ? "tcp"
                                                                     : "udp",
                           .user = credentials[4],
                           .password = credentials[5],
                           .ca = gw_conf_str(d->conf, "media.turn_ca")});
}

static void told_services(gw_doctor *d, const char *domain, const element *e) {
  if (g_strcmp0(e->type, "error") == 0) {
    gboolean forbidden = holds(e, "forbidden") || holds(e, "not-allowed");
    gw_doctor_note(
        d, "TURN", !forbidden,
        forbidden ? "let the gateway ask: Prosody external_service_access = { xmpp.domain }, "
                    "ejabberd mod_stun_disco access"
                  : NULL,
        forbidden ? "%s does not tell us its TURN servers" : "%s names no TURN servers", domain);
    return;
  }
  for (guint i = 0; i < e->turns->len; i++)
    try_service(d, e->turns, e->turns->pdata[i]);
}

static void ask_services(gw_doctor *d, stream *s) {
  g_autofree char *domain = gw_conf_services_domain(d->conf);
  if (!domain) return;
  g_autofree char *iq =
      g_markup_printf_escaped("<iq type='get' id='check-services' from='%s' to='%s'><services "
                              "xmlns='urn:xmpp:extdisco:2'/></iq>",
                              gw_conf_str(d->conf, "xmpp.domain"), domain);
  g_autoptr(GError) error = NULL;
  if (!send_text(s, iq, &error)) return;
  for (;;) {
    g_autoptr(element) e = next(s, &error);
    if (!e) return; /* a server that says nothing of it: nothing is wrong */
    if (!g_str_equal(e->name, "iq") || g_strcmp0(e->id, "check-services") != 0) continue;
    told_services(d, domain, e);
    return;
  }
}

static void rooms_of_daemon(gw_doctor *d) {
  JsonArray *rooms =
      d->rooms && JSON_NODE_HOLDS_ARRAY(d->rooms) ? json_node_get_array(d->rooms) : NULL;
  for (guint i = 0; rooms && i < json_array_get_length(rooms); i++) {
    JsonNode *room = json_array_get_element(rooms, i);
    if (is_person(gw_json_get_string(room, "flavour"))) continue;
    gboolean in =
        gw_json_get_bool(room, "watching") || gw_json_get_int(room, "participants", 0) > 0;
    const char *problem = gw_json_get_string(room, "problem");
    if (problem && !in)
      gw_doctor_note(d, "room", FALSE,
                     strstr(problem, "hides real JIDs") ? SHOW_JIDS
                                                        : "look at the room and the daemon's log",
                     "%s: %s", gw_json_get_string(room, "room"), problem);
    else
      gw_doctor_note(d, "room", TRUE, NULL, "%s: %s", gw_json_get_string(room, "room"),
                     in ? "the running daemon is in it"
                        : "not asked, the running daemon holds the stream");
  }
}

/* --- all of it */
static gboolean look_up_host(gw_doctor *d) {
  const char *host = gw_conf_str(d->conf, "xmpp.host");
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  g_autoptr(GError) error = NULL;
  GList *found = g_resolver_lookup_by_name(resolver, host, NULL, &error);
  if (!found) {
    gw_doctor_note(d, "DNS", FALSE, "mend xmpp.host or the resolver of this machine", "%s: %s",
                   host, error->message);
    return FALSE;
  }
  g_autofree char *address = g_inet_address_to_string(found->data);
  gw_doctor_note(d, "DNS", TRUE, NULL, "%s is %s", host, address);
  g_resolver_free_addresses(found);
  return TRUE;
}

static void as_component(gw_doctor *d, stream *s) {
  g_autofree char *why = NULL;
  const char *domain = gw_conf_str(d->conf, "xmpp.domain");
  if (!shake_hands(s, d->conf, &why)) {
    gw_doctor_note(d, "XMPP log-in", FALSE, log_in_mend(why), "%s: %s", domain, why);
    return;
  }
  gw_doctor_note(d, "XMPP log-in", TRUE, NULL, "component %s", domain);
  for (guint i = 0, asked = 0; i < gw_conf_count(d->conf, "rooms") && asked < MAX_ROOMS; i++) {
    g_autofree char *flavour = g_strdup_printf("rooms[%u].flavour", i);
    if (is_person(gw_conf_str(d->conf, flavour))) continue;
    ask_room(d, s, i);
    asked++;
  }
  ask_services(d, s);
}

/* With an account only the way there is tried: the log-in itself needs SASL, and the daemon's log
 * tells its result. */
static void as_client(gw_doctor *d, stream *s) {
  g_autoptr(GError) error = NULL;
  g_autoptr(element) e = next(s, &error);
  const char *tls = gw_conf_str(d->conf, "xmpp.tls");
  if (!e || !g_str_equal(e->name, "stream:features"))
    gw_doctor_note(d, "XMPP log-in", FALSE, "is it an XMPP server, and its host served there?",
                   "%s", e ? first_inside(e) : error->message);
  else if (g_str_equal(tls, "required") && !holds(e, "starttls"))
    gw_doctor_note(d, "XMPP log-in", FALSE, "give the server a certificate, or see xmpp.tls",
                   "the server does not offer TLS");
  else
    gw_doctor_note(d, "XMPP log-in", TRUE, NULL,
                   "the server answers for %s; the password is not tried here",
                   gw_conf_str(d->conf, "xmpp.domain"));
}

void gw_doctor_stream(gw_doctor *d) {
  JsonNode *xmpp = gw_json_get(d->status, "xmpp");
  gboolean client = g_str_equal(gw_conf_str(d->conf, "xmpp.mode"), "client");
  if (!look_up_host(d)) return;
  /* A second log-in as the same component would be refused, or throw the daemon out. */
  if (g_strcmp0(gw_json_get_string(xmpp, "state"), "up") == 0) {
    gw_doctor_note(d, "XMPP log-in", TRUE, NULL, "the running daemon is logged in as %s",
                   gw_json_get_string(xmpp, "jid"));
    rooms_of_daemon(d);
    return;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(stream) s =
      open_stream(d->conf, client ? "jabber:client" : "jabber:component:accept", &error);
  if (!s)
    gw_doctor_note(d, "XMPP log-in", FALSE,
                   client ? "is the server running? xmpp.host, xmpp.port"
                          : "is the server running, with a component port? xmpp.host, xmpp.port",
                   "%s", error->message);
  else if (client)
    as_client(d, s);
  else
    as_component(d, s);
}
