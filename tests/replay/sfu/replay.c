/* Recorded dialogues with forwarding services: what the service said goes in, what the client asked for is asked for, and
 * our session must have said the same frames. What it told its user stands in expected/ for review
 * (REPLAY_WRITE=1 writes it anew). Every answer must be SDP that we can read, every candidate a candidate. */
#include <glib/gstdio.h>
#include <string.h>
#include "gateway/sfu/message.h"
#include "gateway/sfu/session.h"
#include "gateway/sfu/sio.h"
#include "sip/sip.h"

static const char *folder;

typedef struct {
  gw_sfu_session *s;
  GString *told;
  GQueue said; /* char*: frames that have not been compared yet */
  gint64 now;
  gboolean opened;
  char *conn;
} client;

static void tell(client *c, const gw_sfu_out *o) {
  static const char *const words[] = {"connect", NULL,    "close", "joined", "answer",
                                      "remote",  "comes", "goes",  "down",   "failed"};
  if (o->type == GW_SFU_SEND) {
    g_queue_push_tail(&c->said, g_strdup(o->text));
    return;
  }
  g_string_append_printf(c->told, "%s %s", c->conn, words[o->type]);
  if (o->name) g_string_append_printf(c->told, " %s", o->name);
  if (o->type == GW_SFU_ANSWER_TO && o->text) {
    g_autoptr(gw_desc) d = gw_sdp_parse(o->text, strlen(o->text), NULL);
    g_assert_nonnull(d);
    const gw_desc_media *m = gw_desc_audio(d);
    g_assert_nonnull(m->ufrag);
    g_assert_nonnull(m->fp_value);
    g_string_append_printf(c->told, " %s setup=%d dir=%d media=%u",
                           m->codecs->len ? g_array_index(m->codecs, gw_codec, 0).name : "-",
                           m->setup, m->dir, d->media->len);
  } else if (o->text) {
    g_string_append_printf(c->told, " %s", o->text);
  }
  for (char **n = o->names; n && *n; n++)
    g_string_append_printf(c->told, " %s", *n);
  g_string_append_c(c->told, '\n');
  if (o->type == GW_SFU_REMOTE) {
    gw_candidate candidate;
    g_assert_true(gw_sdp_parse_candidate(o->text, &candidate) || strstr(o->text, ".local") ||
                  strcasestr(o->text, " tcp "));
  }
}

static void step(client *c, const gw_sfu_ev *ev) {
  g_autoptr(GArray) outs = gw_sfu_outs_new();
  gw_sfu_session_step(c->s, ev, c->now, outs);
  for (guint i = 0; i < outs->len; i++)
    tell(c, &g_array_index(outs, gw_sfu_out, i));
}

/* The value of a member of the frame's object, as plain text. */
static char *field(const char *frame, const char *name) {
  g_autofree char *mark = g_strdup_printf("\"%s\":\"", name);
  const char *at = strstr(frame, mark);
  if (!at) return NULL;
  at += strlen(mark);
  const char *end = at;
  while (*end && *end != '"')
    end += *end == '\\' ? 2 : 1;
  g_autofree char *raw = g_strndup(at, (gsize)(end - at));
  return g_strcompress(raw);
}

/* Recorded from clients as plain as ours, whose connections have numbers: the same frames in the same order. The page of
 * JSXC begins by polling and says join before its namespace stands, so there only the answers must fit. */
static void compare(client *c, const char *frame) {
  g_autofree char *ours = g_queue_pop_head(&c->said);
  if (!ours && !strcmp(frame, "41")) return; /* goodbye without a leave */
  if (!g_ascii_isdigit(*c->conn) || strstr(frame, "usernameFragment") ||
      strstr(frame, "[\"leave\""))
    return;
  if (strstr(frame, "iceCandidate") && strstr(frame, "\"sdpMLineIndex\":0,")) return;
  g_assert_cmpstr(ours, ==, frame);
}

static void open_socket(client *c) {
  if (c->opened) return;
  c->opened = TRUE;
  step(c, &(gw_sfu_ev){.type = GW_SFU_EV_OPENED});
}

/* What the recorded client did of its own accord, ours is told to do. */
static void act(client *c, const char *frame) {
  g_autofree char *src = field(frame, "src"), *offer = field(frame, "offer"),
                  *name = field(frame, "name");
  if (strstr(frame, "\"requestStream\"")) {
    step(c, &(gw_sfu_ev){.type = GW_SFU_EV_REQUEST, .src = src, .text = offer});
  } else if (strstr(frame, "\"iceCandidate\"")) {
    const char *inner = strstr(frame, "\"candidate\":{");
    g_autofree char *text = field(inner, "candidate"), *mid = field(inner, "sdpMid");
    step(c, &(gw_sfu_ev){.type = GW_SFU_EV_CANDIDATE, .src = name, .text = text, .mid = mid});
  } else if (strstr(frame, "\"leave\"") && gw_sfu_session_joined(c->s)) {
    step(c, &(gw_sfu_ev){.type = GW_SFU_EV_LEAVE});
  }
}

/* Whom a connection belongs to stands in its first join. */
static client *client_of(GHashTable *all, const char *conn, char **lines, guint from) {
  client *c = g_hash_table_lookup(all, conn);
  if (c) return c;
  c = g_new0(client, 1);
  c->conn = g_strdup(conn);
  c->told = g_string_new(NULL);
  for (guint i = from; lines[i] && !c->s; i++) {
    g_auto(GStrv) part = g_strsplit(lines[i], " ", 4);
    if (g_strv_length(part) < 4 || strcmp(part[1], conn) || !strstr(part[3], "[\"join\"")) continue;
    g_autofree char *room = field(part[3], "roomId"), *name = field(part[3], "name");
    c->s = gw_sfu_session_new(room, name);
  }
  g_assert_nonnull(c->s);
  step(c, &(gw_sfu_ev){.type = GW_SFU_EV_START});
  g_hash_table_insert(all, c->conn, c);
  return c;
}

static void closed(client *c) {
  step(c, &(gw_sfu_ev){.type = GW_SFU_EV_CLOSED, .text = "eof"});
  c->now = MAX(c->now, MIN(gw_sfu_session_deadline(c->s), c->now + GW_SEC(2)));
  step(c, &(gw_sfu_ev){.type = GW_SFU_EV_TICK});
  c->opened = FALSE;
}

static void client_free(gpointer data) {
  client *c = data;
  gw_sfu_session_free(c->s);
  g_string_free(c->told, TRUE);
  g_queue_clear_full(&c->said, g_free);
  g_free(c->conn);
  g_free(c);
}

static void check_expected(const char *name, const char *told) {
  g_autofree char *file = g_build_filename(folder, "expected", name, NULL), *want = NULL;
  if (g_getenv("REPLAY_WRITE")) g_assert_true(g_file_set_contents(file, told, -1, NULL));
  g_assert_true(g_file_get_contents(file, &want, NULL, NULL));
  g_assert_cmpstr(told, ==, want);
}

static void replay(gconstpointer data) {
  g_autofree char *file = g_build_filename(folder, "traces", data, NULL), *text = NULL;
  g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, client_free);
  g_autoptr(GString) told = g_string_new(NULL);
  g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) part = g_strsplit(lines[i], " ", 4);
    if (*lines[i] == '#' || g_strv_length(part) < 3) continue;
    client *c = client_of(all, part[1], lines, i);
    c->now = MAX(c->now, (gint64)(g_ascii_strtod(part[0], NULL) * 1e6));
    if (*part[2] == '-') {
      closed(c);
    } else if (*part[2] == 'S') {
      open_socket(c);
      step(c, &(gw_sfu_ev){.type = GW_SFU_EV_TEXT, .text = part[3]});
    } else {
      open_socket(c);
      act(c, part[3]);
      compare(c, part[3]);
    }
    g_string_append(told, c->told->str);
    g_string_truncate(c->told, 0);
  }
  check_expected(data, told->str);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  folder = argv[1];
  g_autofree char *traces = g_build_filename(folder, "traces", NULL);
  g_autoptr(GDir) dir = g_dir_open(traces, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (const char *name; (name = g_dir_read_name(dir));)
    g_ptr_array_add(names, g_strdup(name));
  g_assert_cmpuint(names->len, >, 4);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_strdup_printf("/replay/sfu/%s", (char *)names->pdata[i]);
    g_test_add_data_func(path, names->pdata[i], replay);
  }
  return g_test_run();
}
