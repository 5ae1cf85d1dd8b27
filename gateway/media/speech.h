/* speech.h - words that no recording has, spoken by a program of the machine (espeak-ng): names. The program runs beside us,
 * one at a time, never longer than GW_SPEECH_LIMIT_US; it gets the text on its standard input, never as an argument, and what
 * it says is bounded. The last texts are kept.
 * Thread: control.  Owner: caller frees; what is spoken is the receiver's.  Calls back: from the loop, once for each
 * gw_speech_say that gave TRUE and was not cancelled. */
#ifndef GW_SPEECH_H
#define GW_SPEECH_H
#include <glib.h>
#include "base/clock.h"
#include "base/handle.h"
#include "gateway/media/prompts.h"

#define GW_SPEECH_LIMIT_US GW_SEC(3)

typedef struct gw_speech gw_speech;
/* spoken is owned by the receiver; NULL: it could not be said. */
typedef void (*gw_speech_fn)(gw_handle who, gw_prompt *spoken, void *user);

/* program: found by PATH, called as espeak-ng is; NULL or "", or not installed: gw_speech_say gives FALSE. */
gw_speech *gw_speech_new(GMainContext *, const char *program, gw_speech_fn, void *user);
void gw_speech_free(gw_speech *);
/* For `who`, whose earlier wish is forgotten. FALSE: cannot (no program, no such language, nothing to say, too many wait). */
gboolean gw_speech_say(gw_speech *, gw_handle who, const char *language, const char *const *words);
void gw_speech_cancel(gw_speech *, gw_handle who);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_speech, gw_speech_free)

#endif
