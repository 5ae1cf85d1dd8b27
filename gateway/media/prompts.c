#include "gateway/media/prompts.h"
#include "base/log.h"
#include "gateway/media/codec.h"
#include "gateway/media/resample.h"
#include <gio/gio.h>
#include <string.h>

#define PROMPT_BYTES (8 * 1024 * 1024) /* one file: about four minutes */
#define PROMPT_FILES 2000

struct gw_prompts {
  GHashTable *by_name; /* "en/welcome" -> gw_prompt */
};

void gw_prompt_free(gw_prompt *p) {
  if (!p) return;
  g_free(p->pcm);
  g_free(p);
}

static guint32 le32(const guint8 *p) {
  return p[0] | p[1] << 8 | p[2] << 16 | (guint32)p[3] << 24;
}

static guint16 le16(const guint8 *p) {
  return (guint16)(p[0] | p[1] << 8);
}

typedef struct {
  const guint8 *data;
  gsize n;
  guint rate;
} riff;

static gboolean riff_format(const guint8 *c, gsize n, riff *r) {
  if (n < 16) return FALSE;
  guint format = le16(c);
  if (format == 0xfffe && n >= 26) /* extensible: the real format opens the GUID */
    format = le16(c + 24);
  r->rate = le32(c + 4);
  return format == 1 && le16(c + 2) == 1 && le16(c + 14) == 16 && r->rate >= GW_RATE / 2 &&
         r->rate <= 48000;
}

static gboolean riff_parse(const guint8 *data, gsize n, riff *r) {
  if (n < 12 || memcmp(data, "RIFF", 4) || memcmp(data + 8, "WAVE", 4)) return FALSE;
  for (gsize at = 12; at + 8 <= n;) {
    const guint8 *body = data + at + 8;
    gsize len = MIN(le32(data + at + 4), n - at - 8); /* a streamed file may say too much */
    if (!memcmp(data + at, "fmt ", 4) && !riff_format(body, len, r)) return FALSE;
    if (!memcmp(data + at, "data", 4)) {
      r->data = body;
      r->n = len / 2;
      return r->rate != 0;
    }
    at += 8 + len + (len & 1);
  }
  return FALSE;
}

gw_prompt *gw_prompt_parse(const guint8 *data, gsize n) {
  riff r = {0};
  if (!riff_parse(data, n, &r)) return NULL;
  g_autofree gint16 *pcm = g_new(gint16, r.n + 1);
  for (gsize i = 0; i < r.n; i++)
    pcm[i] = (gint16)le16(r.data + 2 * i);
  gw_prompt *p = g_new0(gw_prompt, 1);
  if (r.rate == GW_RATE) {
    p->n = r.n;
    p->pcm = g_steal_pointer(&pcm);
  } else if (r.rate == GW_RATE / 2) {
    gw_half state = {0};
    p->n = r.n * 2;
    p->pcm = g_new(gint16, p->n + 1);
    gw_half_up(&state, pcm, (guint)r.n, p->pcm);
  } else {
    p->pcm = gw_resample_all(pcm, r.n, r.rate, GW_RATE, &p->n);
  }
  return p;
}

static gw_prompt *read_file(const char *path) {
  g_autofree char *data = NULL;
  gsize n = 0;
  g_autoptr(GFile) file = g_file_new_for_path(path);
  g_autoptr(GFileInfo) info =
      g_file_query_info(file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE, NULL, NULL);
  if (!info || g_file_info_get_size(info) > PROMPT_BYTES ||
      !g_file_get_contents(path, &data, &n, NULL))
    return NULL;
  return gw_prompt_parse((const guint8 *)data, n);
}

static gboolean read_folder(gw_prompts *set, const char *dir, const char *prefix, GError **error) {
  g_autoptr(GDir) d = g_dir_open(dir, 0, error);
  if (!d) return FALSE;
  for (const char *name; (name = g_dir_read_name(d));) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    if (!*prefix && g_file_test(path, G_FILE_TEST_IS_DIR)) {
      g_autofree char *below = g_strconcat(name, "/", NULL);
      read_folder(set, path, below, NULL);
      continue;
    }
    if (!g_str_has_suffix(name, ".wav") || g_hash_table_size(set->by_name) >= PROMPT_FILES)
      continue;
    gw_prompt *p = read_file(path);
    if (p)
      g_hash_table_insert(set->by_name,
                          g_strdup_printf("%s%.*s", prefix, (int)strlen(name) - 4, name), p);
    else
      gw_warn(NULL, "prompt-unusable", "file=%s want=%s", path, "wav-pcm16-mono-8000..48000");
  }
  return TRUE;
}

gw_prompts *gw_prompts_load(const char *dir, GError **error) {
  g_autoptr(gw_prompts) set = g_new0(gw_prompts, 1);
  set->by_name =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)gw_prompt_free);
  if (dir && *dir && !read_folder(set, dir, "", error)) return NULL;
  return g_steal_pointer(&set);
}

void gw_prompts_free(gw_prompts *set) {
  if (!set) return;
  g_hash_table_unref(set->by_name);
  g_free(set);
}

const gw_prompt *gw_prompts_find(const gw_prompts *set, const char *name) {
  g_autofree char *bare =
      g_str_has_suffix(name, ".wav") ? g_strndup(name, strlen(name) - 4) : g_strdup(name);
  return g_hash_table_lookup(set->by_name, bare);
}
