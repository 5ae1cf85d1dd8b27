/* tipringctl_init.c - asks, writes the configuration, tells what goes where. */
#include "tools/tipringctl_init.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/ids.h"
#include "conf/conf.h"
#include "daemon/json.h"

#define MODE 0640       /* the daemon reads it by its group */
#define GROUP "tipring" /* of the daemon, when it was installed as package */
#define SECRET_BYTES 12

static int fail(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
static int fail(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  g_autofree char *text = g_strdup_vprintf(fmt, args);
  va_end(args);
  fprintf(stderr, "tipringctl: %s\n", text);
  return 1;
}

/* --- the four questions; they stand on stderr, stdout is for what is to be pasted */
static char *ask(const char *question, const char *otherwise) {
  char line[1024];
  fprintf(stderr, otherwise ? "%s [%s]: " : "%s: ", question, otherwise);
  if (!fgets(line, sizeof line, stdin)) {
    fputc('\n', stderr);
    return NULL;
  }
  g_strstrip(line);
  return g_strdup(*line || !otherwise ? line : otherwise);
}

static void ask_if_missing(char **answer, const char *question, const char *otherwise) {
  if (!*answer) *answer = ask(question, otherwise);
}

static void ask_for_secret(gw_ids *ids, char **answer, const char *question) {
  ask_if_missing(answer, question, "one is made");
  if (!*answer || !g_str_equal(*answer, "one is made")) return;
  g_free(*answer);
  *answer = gw_ids_hex(ids, SECRET_BYTES);
}

static void ask_all(gw_init_answers *a) {
  g_autoptr(gw_ids) ids = gw_ids_new();
  ask_if_missing(&a->domain,
                 "Domain of the phones (a component of your XMPP server), as phone.example.org",
                 NULL);
  ask_for_secret(ids, &a->secret, "Secret of that component");
  ask_if_missing(&a->room, "Room for the calls, as standup@rooms.example.org", NULL);
  ask_for_secret(ids, &a->password, "Password of the first phone");
  if (!a->phone) a->phone = g_strdup("100");
  if (!a->number) a->number = g_strdup("8000");
}

/* --- options: pairs, and --force alone. The word that is not understood, or NULL. */
static const char *read_options(const char *const *rest, gw_init_answers *a, gboolean *force) {
  const struct {
    const char *name;
    char **value;
  } rows[] = {{"--domain", &a->domain},     {"--secret", &a->secret}, {"--room", &a->room},
              {"--password", &a->password}, {"--phone", &a->phone},   {"--number", &a->number}};
  for (; *rest; rest++) {
    guint i = 0;
    while (i < G_N_ELEMENTS(rows) && !g_str_equal(rows[i].name, *rest))
      i++;
    if (i < G_N_ELEMENTS(rows) && rest[1]) {
      g_free(*rows[i].value);
      *rows[i].value = g_strdup(*++rest);
    } else if (g_str_equal(*rest, "--force")) {
      *force = TRUE;
    } else {
      return *rest;
    }
  }
  return NULL;
}

/* --- writing */
static void give_to_daemon(const char *path) {
  struct group *group = geteuid() == 0 ? getgrnam(GROUP) : NULL;
  if (group && chown(path, 0, group->gr_gid) < 0)
    fprintf(stderr, "tipringctl: %s: %s: let the group %s read it\n", path, g_strerror(errno),
            GROUP);
}

static gboolean write_conf(const char *file, const char *text, GError **error) {
  g_autofree char *folder = g_path_get_dirname(file);
  gboolean new_folder = !g_file_test(folder, G_FILE_TEST_IS_DIR);
  if (new_folder && g_mkdir_with_parents(folder, 0750) < 0) {
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", folder,
                g_strerror(errno));
    return FALSE;
  }
  if (new_folder) give_to_daemon(folder);
  /* A new file under the name at the end: never half of it, never readable by others in between. */
  if (!g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, MODE, error) ||
      g_chmod(file, MODE) < 0)
    return FALSE;
  give_to_daemon(file);
  return TRUE;
}

/* What would not pass the daemon's own check is not written. */
static int check_and_write(const char *file, const gw_init_answers *a) {
  g_autofree char *text = gw_init_conf(a), *problem = gw_init_problem(a);
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) error = NULL;
  if (problem) return fail("%s", problem);
  g_autoptr(gw_conf) conf = gw_conf_parse(text, strlen(text), file, errors);
  if (!conf) return fail("%s", (char *)g_ptr_array_index(errors, 0));
  if (write_conf(file, text, &error)) return 0;
  return fail("%s", error ? error->message : g_strerror(errno));
}

/* --- telling */
static void tell_json(const char *file, const gw_init_answers *a) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "file", file);
  gw_json_string(b, "phone", a->phone);
  gw_json_string(b, "password", a->password);
  gw_json_string(b, "number", a->number);
  gw_json_string(b, "room", a->room);
  for (const gw_init_piece *p = gw_init_pieces; p->name; p++) {
    g_autofree char *text = p->make(a);
    gw_json_string(b, p->name, text);
  }
  json_builder_end_object(b);
  g_autoptr(JsonNode) node = gw_json_done(b);
  g_autofree char *text = gw_json_text(node);
  printf("%s\n", text);
}

static void tell(const char *file, const gw_init_answers *a) {
  printf("%s is written. Your XMPP server needs one of these two, Prosody's or ejabberd's:\n",
         file);
  for (const gw_init_piece *p = gw_init_pieces; p->name; p++) {
    g_autofree char *text = p->make(a);
    printf("\n----- %s\n%s", p->where, text);
  }
  printf(
      "\n----- on the phone\nserver: this machine, port 5060 (UDP or TCP)\nuser: %s\npassword: %s\n"
      "then dial: %s\n\nNext: tipringd -t -c %s; systemctl restart tipring; tipringctl check\n",
      a->phone, a->password, a->number, file);
}

int gw_init_run(const char *file, const char *const *rest, gboolean json) {
  g_auto(gw_init_answers) a = {0};
  gboolean force = FALSE;
  const char *wrong = read_options(rest, &a, &force);
  if (wrong) {
    fail("\"%s\" is not known or lacks its value: tipringctl init --help", wrong);
    return 2;
  }
  /* Before anything is asked. */
  if (!force && g_file_test(file, G_FILE_TEST_EXISTS))
    return fail("%s exists: --force replaces it, -c FILE writes another one", file);
  ask_all(&a);
  int code = check_and_write(file, &a);
  if (code == 0) json ? tell_json(file, &a) : tell(file, &a);
  return code;
}
