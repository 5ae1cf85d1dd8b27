/* speech_text.h - what strangers call themselves, made fit to be spoken by a program of the machine.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_SPEECH_TEXT_H
#define GW_SPEECH_TEXT_H
#include <glib.h>

/* One line of UTF-8: letters, digits and what belongs to names; everything else (controls, brackets and slashes, which a
 * synthesiser may take as commands, pictures, broken UTF-8) is a gap. Each word is cut to GW_MAX_SPOKEN_NAME characters, and
 * only the first GW_MAX_SPOKEN_NAMES are taken. NULL: nothing is left that could be spoken. */
char *gw_speech_text(const char *const *words);
/* "de", "en-gb": could be the name of a voice, and is no option and no path. */
gboolean gw_speech_language_ok(const char *);

#endif
