/* prompts.h - the recordings that legs can be played, read into memory once.
 * Thread: made and freed on control; immutable in between, so any thread may read.  Owner: maker
 * frees. Calls back: never. */
#ifndef GW_PROMPTS_H
#define GW_PROMPTS_H
#include <glib.h>

typedef struct {
  gint16 *pcm; /* at GW_RATE */
  gsize n;     /* samples */
} gw_prompt;

typedef struct gw_prompts gw_prompts;
/* All *.wav of dir and of its folders, one level deep. dir NULL or "": an empty set. Broken files
 * are logged and left out; GError when dir cannot be read. */
gw_prompts *gw_prompts_load(const char *dir, GError **);
void gw_prompts_free(gw_prompts *);
const gw_prompt *gw_prompts_find(const gw_prompts *,
                                 const char *name); /* "en/welcome" or "en/welcome.wav" */
/* One RIFF file: PCM, 16 bit, mono, 8 to 48 kHz. NULL when it is not. Pure. */
gw_prompt *gw_prompt_parse(const guint8 *data, gsize n);
void gw_prompt_free(gw_prompt *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_prompts, gw_prompts_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_prompt, gw_prompt_free)

#endif
