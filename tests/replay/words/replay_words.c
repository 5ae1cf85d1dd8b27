/* Recorded dialogues of real clients: every stanza is parsed, told in one line, and must survive
 * being written and parsed again. The lines of each recording lie next to it (.txt); they are
 * compared, and reviewed when they change. `replay_words FOLDER NAME --print` prints them. */
#include <glib.h>
#include <string.h>
#include "xmpp/jmi_xml.h"
#include "xmpp/muji_xml.h"
#include "xmpp/words_xml.h"

static const char *const dirs[] = {"inactive", "sendonly", "recvonly", "sendrecv"};

static void tell_media(GString *s, const gw_desc_media *m, gboolean whole) {
  static const char *const setups[] = {"none", "actpass", "active", "passive"};
  g_string_append_printf(s, " [%s %s %s", m->mid, m->media, dirs[m->dir & 3]);
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    g_string_append_printf(s, " %u=%s", c->pt, c->name);
    if (whole)
      g_string_append_printf(s, "/%u/%u(%s)", c->clock, c->channels, c->fmtp ? c->fmtp : "");
  }
  if (m->rtcp_mux) g_string_append(s, " mux");
  g_string_append_printf(s, " sources=%u", m->sources->len);
  if (m->fp_hash) g_string_append_printf(s, " %s %s", m->fp_hash, setups[m->setup & 3]);
  for (guint i = 0; i < m->candidates->len; i++) {
    const gw_candidate *c = &g_array_index(m->candidates, gw_candidate, i);
    g_string_append_printf(s, " cand=%s:%u", c->ip, c->port);
    if (whole)
      g_string_append_printf(s, ",%s,%u,%u,%s:%u,%u", c->foundation, c->priority, c->type,
                             c->rel_ip, c->rel_port, c->generation);
  }
  if (whole) {
    g_string_append_printf(s, " %s %s %s %u %u %u", m->ufrag, m->pwd, m->fp_value, m->ptime,
                           m->maxptime, m->proto);
    for (guint i = 0; i < m->sources->len; i++) {
      const gw_source *src = &g_array_index(m->sources, gw_source, i);
      g_string_append_printf(s, " %u %s %s", src->ssrc, src->cname, src->msid);
    }
  }
  g_string_append_c(s, ']');
}

static void tell_invite(GString *s, const gw_word *w, gboolean whole) {
  const gw_call_invite *v = &w->u.call_invite;
  g_string_append_printf(s, "%s call-invite %s%s%s%s%s%s", w->from,
                         gw_invite_action_name(v->action), v->video ? " video" : "",
                         v->multi ? " multi" : "", w->historic ? " historic" : "",
                         v->muji_room ? " muji=" : "", v->muji_room ? v->muji_room : "");
  if (whole) g_string_append_printf(s, " %s", v->ids[0]);
}

static char *tell(const gw_word *w, gboolean whole) {
  GString *s = g_string_new(NULL);
  if (w->kind == GW_WORD_JMI) {
    const gw_jmi *j = &w->u.jmi;
    g_string_append_printf(s, "%s -> %s jmi %s%s%s%s%s", w->from ? w->from : "-", w->to,
                           gw_jmi_action_name(j->action), j->audio ? " audio" : "", j->video ? " video" : "",
                           j->reason ? " " : "", j->reason ? j->reason : "");
    if (whole) g_string_append_printf(s, " %s", j->id);
  } else if (w->kind == GW_WORD_CALL_INVITE) {
    tell_invite(s, w, whole);
  } else if (w->kind == GW_WORD_JMUCI) {
    const gw_jmuci *j = &w->u.jmuci;
    g_string_append_printf(s, "%s %s%s%s%s%s", w->from ? w->from : "-",
                           gw_jmuci_action_name(j->action), j->audio ? " audio" : "",
                           j->video ? " video" : "", j->sfu ? " sfu" : "",
                           w->historic ? " historic" : "");
    if (whole) g_string_append_printf(s, " %s %s", j->id, j->jid);
  } else {
    const gw_jingle *j = &w->u.jingle;
    g_string_append_printf(s, "%s -> %s %s%s%s", w->from ? w->from : "-", w->to,
                           gw_jingle_action_name(j->action), j->reason ? " " : "",
                           j->reason ? j->reason : "");
    if (j->info) g_string_append_printf(s, " info=%u", j->info);
    if (j->muji_room) g_string_append_printf(s, " muji=%s", j->muji_room);
    if (j->desc && j->desc->bundle) g_string_append(s, " bundle");
    for (guint i = 0; j->desc && i < j->desc->media->len; i++)
      tell_media(s, j->desc->media->pdata[i], whole);
    if (whole) g_string_append_printf(s, " %s %d", j->sid, j->we_initiated);
  }
  return g_string_free(s, FALSE);
}

/* Who began the session of this stanza? Told by whom the initiate was sent to. */
static gboolean we_initiated(xmpp_stanza_t *iq, GHashTable *responders) {
  gw_jingle_head head;
  const char *to = gw_xml_get(iq, "to");
  if (!gw_words_peek_jingle(iq, &head) || !head.sid || !to) return FALSE;
  if (head.action == GW_JINGLE_SESSION_INITIATE)
    g_hash_table_insert(responders, g_strdup(head.sid), g_strdup(to));
  const char *responder = g_hash_table_lookup(responders, head.sid);
  return responder && strcmp(responder, to) != 0;
}

static gw_word *parse(xmpp_stanza_t *s, gboolean initiated) {
  const char *why = NULL;
  if (gw_xml_is(s, "message", NULL)) {
    gw_word *w = gw_words_parse_jmuci(s);
    if (!w) w = gw_jmi_xml_parse(s);
    return w ? w : gw_muji_xml_parse_invite(s);
  }
  gw_jingle_head head;
  if (!gw_words_peek_jingle(s, &head)) return NULL;
  gw_word *w = gw_words_parse_jingle(s, initiated, &why);
  if (!w) g_error("refused: %s", why);
  return w;
}

/* Candidates of a bundle are written once, with its first content. */
static void once(gw_word *w) {
  if (w->kind != GW_WORD_JINGLE || !w->u.jingle.desc || !w->u.jingle.desc->bundle) return;
  for (guint i = 1; i < w->u.jingle.desc->media->len; i++)
    g_array_set_size(((gw_desc_media *)w->u.jingle.desc->media->pdata[i])->candidates, 0);
}

/* Written by us in the writer's place: the role turns round, and back when it is read. */
static void round_trip(gw_word *w) {
  once(w);
  g_autofree char *before = tell(w, TRUE);
  gboolean jingle = w->kind == GW_WORD_JINGLE, read_as = jingle && w->u.jingle.we_initiated;
  if (jingle) w->u.jingle.we_initiated = !read_as;
  xmpp_stanza_t *s = jingle ? gw_words_build_jingle(w, w->from, "i")
                     : w->kind == GW_WORD_JMI ? gw_jmi_xml_build(w, w->from, "i")
                     : w->kind == GW_WORD_CALL_INVITE
                         ? gw_muji_xml_build_invite(w, w->from, w->to, "groupchat", "i")
                         : gw_words_build_jmuci(w, w->from, w->to, "i");
  g_autofree char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  g_autoptr(gw_word) back = parse(s, read_as);
  g_assert_nonnull(back);
  xmpp_stanza_release(s);
  g_autofree char *after = tell(back, TRUE);
  g_assert_cmpstr(after, ==, before);
}

/* A Muji presence in a line; what we would say in its place must be understood as the same. */
static void presence(GString *out, xmpp_stanza_t *s) {
  g_autoptr(gw_muji) m = gw_muji_xml_parse(s);
  if (!m) return;
  const char *from = xmpp_stanza_get_from(s), *to = xmpp_stanza_get_to(s);
  g_string_append_printf(out, "%s muji%s%s", from ? from : to, m->preparing ? " preparing" : "",
                         m->contents ? " contents" : "");
  if (m->desc) tell_media(out, gw_desc_audio(m->desc), FALSE);
  g_string_append_c(out, '\n');
  if (m->contents && !m->desc) return;
  xmpp_stanza_t *again = gw_xml_new("presence", NULL);
  gw_muji_xml_add(again, m);
  g_autofree char *text = gw_xml_print(again);
  xmpp_stanza_release(again);
  again = gw_xml_parse(text, strlen(text));
  g_autoptr(gw_muji) back = gw_muji_xml_parse(again);
  xmpp_stanza_release(again);
  g_assert_true(gw_muji_equal(m, back));
}

static char *replay(const char *path) {
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_autoptr(GHashTable) responders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  GString *out = g_string_new(NULL);
  for (guint i = 0; lines[i]; i++) {
    if (lines[i][0] != '<' || !strchr("ipm", lines[i][1])) continue;
    xmpp_stanza_t *s = gw_xml_parse(lines[i], strlen(lines[i]));
    g_assert_nonnull(s);
    if (gw_xml_is(s, "presence", NULL)) {
      presence(out, s);
      xmpp_stanza_release(s);
      continue;
    }
    g_autoptr(gw_word) w = parse(s, we_initiated(s, responders));
    xmpp_stanza_release(s);
    if (!w) continue;
    g_autofree char *line = tell(w, FALSE);
    g_string_append_printf(out, "%s\n", line);
    round_trip(w);
  }
  return g_string_free(out, FALSE);
}

static void compare(gconstpointer data) {
  g_autofree char *expected_path =
      g_strdup_printf("%.*s.txt", (int)(strlen(data) - 4), (const char *)data);
  g_autofree char *expected = NULL, *got = replay(data);
  g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
  g_auto(GStrv) want = g_strsplit(expected, "\n", -1), have = g_strsplit(got, "\n", -1);
  for (guint i = 0; want[i] && have[i]; i++)
    g_assert_cmpstr(have[i], ==, want[i]);
  g_assert_cmpuint(g_strv_length(have), ==, g_strv_length(want));
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[3], "--print")) {
    g_autofree char *path = g_build_filename(argv[1], argv[2], NULL), *lines = replay(path);
    g_print("%s", lines);
    return 0;
  }
  g_test_init(&argc, &argv, NULL);
  g_autoptr(GDir) dir = argc > 1 ? g_dir_open(argv[1], 0, NULL) : NULL;
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    if (!g_str_has_suffix(name, ".xml")) continue;
    g_autofree char *test = g_strdup_printf("/replay/words/%s", name);
    char *path = g_build_filename(argv[1], name, NULL);
    g_ptr_array_add(paths, path);
    g_test_add_data_func(test, path, compare);
  }
  return paths->len ? g_test_run() : 1;
}
