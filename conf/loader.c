/* loader.c - text to values, by libconfig. Everything wrong is collected before giving up. */
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf/value.h"

#define MAX_FILE (1024 * 1024) /* bytes of a configuration */
#define MAX_SECRET 4096        /* bytes of a secret file */
#define MAX_DEPTH 16           /* nesting: libconfig recurses */
#define MAX_GROUPS 10000       /* groups in one list */

typedef struct {
  gw_conf *conf;
  gw_problems problems;
  guint file_mode;    /* of the configuration; 0: not looked at */
  gboolean mode_told; /* one sentence about the mode is enough */
} loader;

static void wrong_value(loader *l, const gw_key *key, guint line, const char *path,
                        const char *what) {
  g_autofree char *accepted = gw_key_accepted(key);
  gw_problem(&l->problems, line, path, "%s; accepted: %s", what, accepted);
}

/* --- one value */
static gboolean read_strings(config_setting_t *s, gw_value *value) {
  int n = config_setting_length(s);
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  for (int i = 0; i < n; i++) {
    const char *word = config_setting_get_string_elem(s, i);
    if (!word) {
      g_ptr_array_unref(list);
      return FALSE;
    }
    g_ptr_array_add(list, g_strdup(word));
  }
  g_ptr_array_add(list, NULL);
  value->list = (char **)g_ptr_array_free(list, FALSE);
  return TRUE;
}

static gboolean is_integer(const config_setting_t *s) {
  int type = config_setting_type(s);
  return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static gboolean read_pair(config_setting_t *s, gw_value *value) {
  if (config_setting_length(s) != 2) return FALSE;
  for (guint i = 0; i < 2; i++) {
    config_setting_t *one = config_setting_get_elem(s, i);
    if (!is_integer(one)) return FALSE;
    value->num[i] = config_setting_get_int64(one);
  }
  return TRUE;
}

/* FALSE: another type than the key's. */
static gboolean read_typed(const gw_key *key, config_setting_t *s, gw_value *value) {
  gboolean many = config_setting_is_array(s) || config_setting_is_list(s);
  switch (key->type) {
  case GW_CONF_STRING:
    if (config_setting_type(s) != CONFIG_TYPE_STRING) return FALSE;
    value->str = g_strdup(config_setting_get_string(s));
    return TRUE;
  case GW_CONF_INT:
    value->num[0] = is_integer(s) ? config_setting_get_int64(s) : 0;
    return is_integer(s);
  case GW_CONF_BOOL:
    value->num[0] = config_setting_get_bool(s);
    return config_setting_type(s) == CONFIG_TYPE_BOOL;
  case GW_CONF_STRINGS:
    return many && read_strings(s, value);
  case GW_CONF_INTS:
    return many && read_pair(s, value);
  default:
    return FALSE;
  }
}

static void check_mode(loader *l, const gw_key *key, const gw_value *value, const char *path) {
  if (!(key->flags & GW_KEY_SECRET) || !*value->str || !(l->file_mode & S_IRWXO) || l->mode_told)
    return;
  l->mode_told = TRUE;
  gw_problem(&l->problems, value->line, path,
             "the file holds secrets and is open to others (mode %04o); accepted: a file that they "
             "cannot read: chmod o= %s",
             l->file_mode & 07777, l->conf->file);
}

static char *read_secret_file(loader *l, const char *file, const gw_value *value,
                              const char *path) {
  struct stat st;
  char buf[MAX_SECRET + 1];
  char *ret = NULL;
  /* O_NONBLOCK: a fifo must not hold up the start. */
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &st) < 0) {
    gw_problem(&l->problems, value->line, path,
               "cannot read %s: %s; accepted: a file that holds "
               "the secret",
               file, g_strerror(errno));
    goto out;
  }
  if (!S_ISREG(st.st_mode) || (st.st_mode & S_IRWXO)) {
    gw_problem(&l->problems, value->line, path,
               "%s is %s; accepted: a file that others cannot read: chmod o= %s", file,
               S_ISREG(st.st_mode) ? "open to others" : "no plain file", file);
    goto out;
  }
  gssize n = read(fd, buf, sizeof buf);
  if (n < 0 || n > MAX_SECRET || memchr(buf, '\0', (gsize)n)) {
    gw_problem(&l->problems, value->line, path,
               "%s does not hold a secret; accepted: one line of "
               "text",
               file);
    goto out;
  }
  ret = g_strchomp(g_strndup(buf, (gsize)n));
out:
  if (fd >= 0) close(fd);
  return ret;
}

/* Puts what PATH_file holds where the inline secret would be. */
static void take_secret_file(loader *l, gw_item *item, const char *leaf, const gw_value *value,
                             const gw_key *key, const char *path) {
  g_autofree char *base = g_strndup(leaf, strlen(leaf) - strlen("_file"));
  g_autofree char *schema = g_strndup(key->name, strlen(key->name) - strlen("_file"));
  const gw_key *secret_key = gw_key_find(schema);
  g_assert(secret_key);
  if (gw_item_get(item, base)) {
    gw_problem(&l->problems, value->line, path, "the secret is given twice; accepted: %s or %s",
               gw_key_leaf(secret_key), gw_key_leaf(key));
    return;
  }
  g_autofree char *file = gw_conf_beside(l->conf, value->str);
  g_autofree char *text = read_secret_file(l, file, value, path);
  if (!text) return;
  if (!*text || (secret_key->check && !secret_key->check(text))) {
    gw_problem(&l->problems, value->line, path, "%s does not hold a secret; accepted: %s", file,
               secret_key->form);
    return;
  }
  gw_value *secret = gw_value_new(value->line);
  secret->str = g_steal_pointer(&text);
  gw_item_set(item, base, secret);
}

/* --- groups */
static void load_value(loader *l, gw_item *item, const gw_key *key, config_setting_t *s,
                       const char *leaf, const char *path) {
  gw_value *value = gw_value_new(config_setting_source_line(s));
  gw_item_set(item, leaf, value);
  if (!read_typed(key, s, value)) {
    wrong_value(l, key, value->line, path, "has the wrong type");
    g_hash_table_remove(item->values, leaf);
    g_hash_table_add(item->wrong, g_strdup(leaf));
    return;
  }
  g_autofree char *wrong = gw_value_wrong(key, value);
  if (wrong)
    wrong_value(l, key, value->line, path, wrong);
  else
    check_mode(l, key, value, path);
}

static void unknown_key(loader *l, config_setting_t *s, const char *path, const char *schema) {
  g_autofree char *names = gw_key_names_in(schema);
  gw_problem(&l->problems, config_setting_source_line(s), path, "unknown key; accepted: %s", names);
}

static void load_list(loader *l, const gw_key *key, config_setting_t *s, const char *path);

/* All keys of one group; schema and prefix end in "." */
static void load_group(loader *l, gw_item *item, config_setting_t *group, const char *schema,
                       const char *prefix) {
  int n = config_setting_length(group);
  for (int i = 0; i < n; i++) {
    config_setting_t *s = config_setting_get_elem(group, i);
    g_autofree char *name = g_strconcat(schema, config_setting_name(s), NULL);
    g_autofree char *path = g_strconcat(prefix, config_setting_name(s), NULL);
    const gw_key *key = gw_key_find(name);
    if (!key)
      unknown_key(l, s, path, schema);
    else if (key->type == GW_CONF_GROUPS)
      load_list(l, key, s, path);
    else
      load_value(l, item, key, s, item == l->conf->root ? key->name : gw_key_leaf(key), path);
  }
}

static void load_secret_files(loader *l, gw_item *item, const char *schema, const char *prefix) {
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    const char *rest = key->name + strlen(schema);
    if (!(key->flags & GW_KEY_SECRET_FILE) || !g_str_has_prefix(key->name, schema) ||
        strchr(rest, '['))
      continue;
    const char *leaf = item == l->conf->root ? key->name : gw_key_leaf(key);
    const gw_value *value = gw_item_get(item, leaf);
    g_autofree char *path = g_strconcat(prefix, rest, NULL);
    if (value && *value->str) take_secret_file(l, item, leaf, value, key, path);
  }
}

static void load_list(loader *l, const gw_key *key, config_setting_t *s, const char *path) {
  int n = config_setting_length(s);
  gboolean list = config_setting_is_list(s) || (config_setting_is_array(s) && n == 0);
  if (!list || n > MAX_GROUPS) {
    wrong_value(l, key, config_setting_source_line(s), path,
                list ? "too many groups" : "has the wrong type");
    return;
  }
  g_autofree char *schema = g_strconcat(key->name, "[].", NULL);
  for (int i = 0; i < n; i++) {
    config_setting_t *one = config_setting_get_elem(s, i);
    guint line = config_setting_source_line(one);
    g_autofree char *prefix = g_strdup_printf("%s[%d].", path, i);
    if (!config_setting_is_group(one)) {
      wrong_value(l, key, line, path, "holds something else than groups");
      continue;
    }
    gw_item *item = gw_item_new(line, TRUE);
    gw_conf_append(l->conf, key->name, item);
    load_group(l, item, one, schema, prefix);
    load_secret_files(l, item, schema, prefix);
    gw_check_item(item, key->name, prefix, &l->problems);
    gw_check_later(l->conf, item, schema, prefix);
  }
}

static gboolean is_section(const char *name) {
  for (const gw_section *section = gw_sections; section->name; section++)
    if (strcmp(section->name, name) == 0) return TRUE;
  return FALSE;
}

static char *section_names(void) {
  GString *out = g_string_new(NULL);
  for (const gw_section *section = gw_sections; section->name; section++)
    g_string_append_printf(out, "%s%s", out->len ? ", " : "", section->name);
  return g_string_free(out, FALSE);
}

static void load_root(loader *l, config_setting_t *root) {
  int n = config_setting_length(root);
  for (int i = 0; i < n; i++) {
    config_setting_t *s = config_setting_get_elem(root, i);
    const char *name = config_setting_name(s);
    const gw_key *list = gw_key_find(name);
    g_autofree char *prefix = g_strconcat(name, ".", NULL);
    if (list) {
      load_list(l, list, s, name);
    } else if (!is_section(name)) {
      g_autofree char *names = section_names();
      gw_problem(&l->problems, config_setting_source_line(s), name, "unknown key; accepted: %s",
                 names);
    } else if (!config_setting_is_group(s)) {
      gw_problem(&l->problems, config_setting_source_line(s), name,
                 "has the wrong type; accepted: a group { ... }");
    } else {
      load_group(l, l->conf->root, s, prefix, prefix);
    }
  }
  for (const gw_section *section = gw_sections; section->name; section++) {
    g_autofree char *prefix = g_strconcat(section->name, ".", NULL);
    load_secret_files(l, l->conf->root, prefix, prefix);
    gw_check_later(l->conf, l->conf->root, prefix, prefix);
  }
}

/* --- the text as a whole */
/* Length of the string that begins at p; 0: it has no end (libconfig would leak it, as it does with one right before a
 * syntax error). */
static gsize skip_string(const char *p) {
  const char *end = p + 1;
  for (; *end && *end != '"'; end++)
    if (*end == '\\' && end[1]) end++;
  return *end ? (gsize)(end - p) + 1 : 0;
}

/* Length of the comment that begins at p, 0 when none does. */
static gsize skip_comment(const char *p) {
  if (*p == '#' || (*p == '/' && p[1] == '/')) return strcspn(p, "\n");
  if (*p != '/' || p[1] != '*') return 0;
  const char *end = strstr(p + 2, "*/");
  return end ? (gsize)(end - p) + 2 : strlen(p);
}

/* Length of the number that begins at p. libconfig cuts one that does not fit 32 bits: *ret_fits.
 */
static gsize skip_number(const char *p, gboolean *ret_fits) {
  gboolean hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
  char *end = NULL;
  errno = 0;
  guint64 number = g_ascii_strtoull(p, &end, hex ? 16 : 10);
  *ret_fits = errno == 0 && number <= G_MAXINT32;
  return (gsize)(end - p);
}

/* Length of what needs no look, 0: a character that does; *ret_why when libconfig must not see it. */
static gsize skip_token(const char *p, const char **ret_why) {
  gsize word = strspn(p, G_CSET_a_2_z G_CSET_A_2_Z "_*"), n;
  gboolean fits = TRUE;
  if (word > 0) return word + strspn(p + word, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_*-.");
  if (*p == '"') {
    n = skip_string(p);
    if (n == 0) *ret_why = "text without an end; accepted: text between double quotes";
    return n;
  }
  if (!g_ascii_isdigit(*p)) return skip_comment(p);
  n = skip_number(p, &fits);
  if (!fits) *ret_why = "number too large; accepted: numbers up to 2147483647";
  return n;
}

static const char *special_wrong(char c, guint *depth) {
  *depth += strchr("([{", c) != NULL;
  *depth -= strchr(")]}", c) != NULL && *depth > 0;
  if (*depth > MAX_DEPTH) return "nested too deeply; accepted: groups and lists as in the manual";
  return c == '@' ? "directives are not taken; accepted: one file without @include" : NULL;
}

/* What libconfig must not see: endless nesting (it recurses), other files, numbers that it would
 * cut. */
static gboolean text_is_safe(loader *l, const char *text, gsize n) {
  guint line = 1, depth = 0;
  const char *why = NULL;
  if (n > MAX_FILE || memchr(text, '\0', n) || !g_utf8_validate(text, (gssize)n, NULL)) {
    gw_problem(&l->problems, 1, "", "is no configuration; accepted: UTF-8 text of at most %d bytes",
               MAX_FILE);
    return FALSE;
  }
  for (const char *p = text; *p;) {
    gsize skip = skip_token(p, &why);
    if (skip == 0 && !why) {
      why = special_wrong(*p, &depth);
      skip = 1;
    }
    if (why) break;
    for (gsize i = 0; i < skip; i++)
      line += p[i] == '\n';
    p += skip;
  }
  if (why) gw_problem(&l->problems, line, "", "%s", why);
  return why == NULL;
}

static gw_conf *parse(const char *text, gsize n, const char *file, guint mode, GPtrArray *errors) {
  loader l = {.conf = gw_conf_new(file), .problems = {file, errors, 0}, .file_mode = mode};
  g_autofree char *copy = g_strndup(text, n);
  config_t libconfig;
  config_init(&libconfig);
  if (text_is_safe(&l, copy, n)) {
    if (config_read_string(&libconfig, copy)) {
      load_root(&l, config_root_setting(&libconfig));
      gw_check_whole(l.conf, &l.problems);
    } else {
      gw_problem(&l.problems, (guint)config_error_line(&libconfig), "",
                 "%s; accepted: the form "
                 "KEY = VALUE; as in the manual",
                 config_error_text(&libconfig));
    }
  }
  config_destroy(&libconfig);
  if (l.problems.count == 0) return l.conf;
  gw_conf_free(l.conf);
  return NULL;
}

gw_conf *gw_conf_parse(const char *text, gsize n, const char *file, GPtrArray *errors) {
  return parse(text, n, file, 0, errors);
}

/* The mode is that of the open file: nobody can change it between look and read. */
static char *read_conf(const char *path, gsize *ret_n, guint *ret_mode, char **ret_why) {
  struct stat st;
  char *text = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &st) < 0) {
    *ret_why = g_strdup(g_strerror(errno));
  } else if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
    *ret_why = g_strdup("no plain file of at most 1 MiB");
  } else {
    text = g_malloc((gsize)st.st_size + 1);
    gssize n = read(fd, text, (gsize)st.st_size);
    *ret_n = n > 0 ? (gsize)n : 0;
    *ret_mode = st.st_mode & 07777;
    text[*ret_n] = '\0';
  }
  if (fd >= 0) close(fd);
  return text;
}

gw_conf *gw_conf_load(const char *path, GPtrArray *errors) {
  g_autofree char *why = NULL;
  gsize n = 0;
  guint mode = 0;
  g_autofree char *text = read_conf(path, &n, &mode, &why);
  if (text) return parse(text, n, path, mode, errors);
  gw_problems problems = {path, errors, 0};
  gw_problem(&problems, 1, "", "cannot be read: %s; accepted: a file that this user can read", why);
  return NULL;
}

char *gw_conf_peek(const char *path, const char *key) {
  g_autofree char *why = NULL;
  gsize n = 0;
  guint mode = 0;
  g_autofree char *text = read_conf(path, &n, &mode, &why);
  if (!text) return NULL;
  g_autofree char *folder = g_path_get_dirname(path);
  loader l = {.problems = {path, NULL, 0}};
  config_t libconfig;
  const char *value = NULL;
  char *ret = NULL;
  config_init(&libconfig);
  if (text_is_safe(&l, text, n) && config_read_string(&libconfig, text) &&
      config_lookup_string(&libconfig, key, &value))
    ret = g_path_is_absolute(value) ? g_strdup(value) : g_build_filename(folder, value, NULL);
  config_destroy(&libconfig);
  return ret;
}
