/* tipringctl_doctor.c - the examination: what is looked at, in which order, and how findings are
 * told. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/timex.h>
#include "base/clock.h"
#include "tools/tipringctl.h"

static void finding_free(void *data) {
  gw_finding *f = data;
  g_free(f->what);
  g_free(f->detail);
  g_free(f->mend);
  g_free(f);
}

void gw_doctor_note(gw_doctor *d, const char *what, gboolean ok, const char *mend,
                    const char *detail, ...) {
  gw_finding *f = g_new0(gw_finding, 1);
  va_list args;
  va_start(args, detail);
  f->detail = g_strdup_vprintf(detail, args);
  va_end(args);
  f->what = g_strdup(what);
  f->ok = ok;
  f->mend = g_strdup(mend);
  g_ptr_array_add(d->findings, f);
}

static void look_at_conf(gw_doctor *d) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  d->conf = gw_conf_load(d->file, errors);
  for (guint i = 0; i < errors->len; i++)
    gw_doctor_note(d, "configuration", FALSE, "edit the file; its keys: man tipring.conf", "%s",
                   (char *)g_ptr_array_index(errors, i));
  if (!d->conf) return;
  gw_doctor_note(d, "configuration", TRUE, NULL, "%s: %u phones, %u rooms", d->file,
                 gw_conf_count(d->conf, "phones"), gw_conf_count(d->conf, "rooms"));
  const GPtrArray *warnings = gw_conf_warnings(d->conf);
  for (guint i = 0; i < warnings->len; i++)
    gw_doctor_note(d, "configuration", TRUE, "remove it, or wait for a version that does it", "%s",
                   (const char *)g_ptr_array_index(warnings, i));
}

static void look_for_daemon(gw_doctor *d, const char *socket) {
  static const char *const status[] = {"status", NULL}, *const rooms[] = {"room", "list", NULL},
                    *const trunks[] = {"trunk", "list", NULL};
  g_auto(gw_answer) a = {0}, b = {0}, t = {0};
  if (!gw_talk(socket, status, &a, NULL) || !a.json) {
    gw_doctor_note(d, "daemon", TRUE, NULL, "not running (nobody answers on %s)", socket);
    return;
  }
  d->status = json_node_ref(a.json);
  if (gw_talk(socket, rooms, &b, NULL) && b.json) d->rooms = json_node_ref(b.json);
  if (gw_talk(socket, trunks, &t, NULL) && t.json) d->trunks = json_node_ref(t.json);
  gw_doctor_note(d, "daemon", TRUE, NULL, "running, version %s, up since %s",
                 gw_json_get_string(d->status, "version"),
                 gw_json_get_string(d->status, "up_since"));
}

/* Before the file was written? Then the clock is wrong, and with it every time in records and
 * certificates. */
static void look_at_clock(gw_doctor *d) {
  GStatBuf st;
  struct timex t = {0};
  g_autofree char *now = gw_rfc3339(gw_wall_us());
  gint64 written = g_stat(d->file, &st) == 0 ? (gint64)st.st_mtime : 0;
  gboolean ok = GW_SEC(written) <= gw_wall_us() + GW_SEC(60);
  gboolean synced = adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC);
  gw_doctor_note(d, "clock", ok, ok ? NULL : "set it: timedatectl set-ntp true", "%s%s%s", now,
                 ok ? "" : ", before the configuration was written",
                 synced ? ", synchronised" : ", not synchronised by the kernel's account");
}

static void look_at_prompts(gw_doctor *d) {
  g_autoptr(GDir) dir = g_dir_open(GW_PROMPT_DIR, 0, NULL);
  gboolean any = dir && g_dir_read_name(dir);
  gw_doctor_note(d, "prompts", TRUE, NULL, any ? "in %s" : "none in %s: callers hear tones instead",
                 GW_PROMPT_DIR);
}

gw_doctor *gw_doctor_examine(const char *file, const char *socket) {
  gw_doctor *d = g_new0(gw_doctor, 1);
  d->file = file;
  d->findings = g_ptr_array_new_with_free_func(finding_free);
  look_at_conf(d);
  look_for_daemon(d, socket);
  if (d->conf) {
    gw_doctor_stream(d);
    gw_doctor_sip_ports(d);
    gw_doctor_certificate(d);
    gw_doctor_rtp_ports(d);
    gw_doctor_public_address(d);
    gw_doctor_stun(d);
    gw_doctor_turns(d);
    gw_doctor_trunks(d);
    gw_doctor_services(d);
  }
  look_at_clock(d);
  look_at_prompts(d);
  return d;
}

void gw_doctor_free(gw_doctor *d) {
  if (!d) return;
  gw_conf_free(d->conf);
  g_clear_pointer(&d->status, json_node_unref);
  g_clear_pointer(&d->rooms, json_node_unref);
  g_clear_pointer(&d->trunks, json_node_unref);
  g_ptr_array_unref(d->findings);
  g_free(d);
}

gboolean gw_doctor_well(const gw_doctor *d) {
  for (guint i = 0; i < d->findings->len; i++)
    if (!((const gw_finding *)g_ptr_array_index(d->findings, i))->ok) return FALSE;
  return TRUE;
}

char *gw_doctor_text(const gw_doctor *d) {
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < d->findings->len; i++) {
    const gw_finding *f = g_ptr_array_index(d->findings, i);
    g_string_append_printf(out, "%s %s: %s%s%s\n", f->ok ? "ok  " : "FAIL", f->what, f->detail,
                           f->mend ? " -- " : "", f->mend ? f->mend : "");
  }
  return g_string_free(out, FALSE);
}

JsonNode *gw_doctor_json(const gw_doctor *d) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_array(b);
  for (guint i = 0; i < d->findings->len; i++) {
    const gw_finding *f = g_ptr_array_index(d->findings, i);
    json_builder_begin_object(b);
    gw_json_string(b, "what", f->what);
    gw_json_bool(b, "ok", f->ok);
    gw_json_string(b, "detail", f->detail);
    gw_json_string(b, "mend", f->mend);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
  return gw_json_done(b);
}
