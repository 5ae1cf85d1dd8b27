/* keys.h - the keys of one phone, each press once, however many ways it comes by (RFC 4733 events,
 * SIP INFO, tones in the voice).
 * Thread: any (pure).  Owner: caller's struct, zeroed.  Calls back: never. */
#ifndef GW_KEYS_H
#define GW_KEYS_H
#include <glib.h>

typedef enum { GW_KEY_MEDIA, GW_KEY_INFO, GW_KEY_SOURCES } gw_key_source;

#define GW_KEYS_KEPT 64

typedef struct {
  struct {
    char digit;
    gint64 at_us;
    guint seen; /* bit per source that brought it */
  } kept[GW_KEYS_KEPT];
  guint next;
  gint64 second_us;
  guint in_second;
} gw_keys;

/* TRUE: a fresh press. A press that another source has brought within 1.5 s is the same one; more
 * than 20 a second are nobody's fingers and are dropped. */
gboolean gw_keys_take(gw_keys *, gw_key_source, char digit, gint64 now_us);

#endif
