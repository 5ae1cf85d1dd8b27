/* ua_wav.h - WAV files (RIFF, 16 bit PCM, one channel): read whole, written while the call runs.
 * Thread: one.  Owner: maker frees.  Calls back: never.  Errors: GError that names the file and
 * what is wanted. */
#ifndef GW_UA_WAV_H
#define GW_UA_WAV_H
#include <glib.h>

#define GW_UA_WAV_MAX_S 600 /* longest file that is read */

typedef struct {
  gint16 *pcm; /* at GW_RATE, whatever the file had */
  gsize n;     /* samples, at least 1 */
} gw_ua_wav;
gw_ua_wav *gw_ua_wav_load(const char *path, GError **);
gw_ua_wav *gw_ua_wav_parse(const guint8 *data, gsize n, GError **); /* 8, 16 or 48 kHz */
void gw_ua_wav_free(gw_ua_wav *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_wav, gw_ua_wav_free)

typedef struct gw_ua_wav_writer gw_ua_wav_writer;
gw_ua_wav_writer *gw_ua_wav_create(const char *path, GError **);
void gw_ua_wav_write(gw_ua_wav_writer *, const gint16 *pcm, guint n); /* at GW_RATE */
gboolean gw_ua_wav_close(gw_ua_wav_writer *,
                         GError **); /* sizes into the header; frees; NULL is TRUE */

#endif
