/* floor.h - who of many is worth listening to: the loudest, and who has just begun. A packet's level counts when it comes,
 * so that somebody is chosen before the first sound of his word is played; who is heard already needs to be exceeded by 6 dB.
 * The level is the sender's own (RFC 6464); without it what was heard last, and whether the packet says that there is voice at
 * all. Pure.
 * Thread: one.  Owner: values, gw_floor_init first.  Calls back: never. */
#ifndef GW_FLOOR_H
#define GW_FLOOR_H
#include <glib.h>

typedef struct {
  guint now;    /* dB above silence, of the loudest packet since the last choice */
  guint loud;   /* held for a while */
  guint own;    /* as it was when it was last decoded, or a guess that grows until it is tried */
  guint waited; /* packets with voice since the guess last grew */
  gboolean on;  /* to be decoded */
} gw_floor;

void gw_floor_init(gw_floor *);
/* A packet came. level: RFC 6464, 0 loud to 127 silent, -1 not told. voice: whether it carries any. */
void gw_floor_packet(gw_floor *, gint level, gboolean voice);
void gw_floor_heard(gw_floor *, gdouble dbfs); /* the level of a frame that was decoded */
/* Each tick: at most max of them are on afterwards. */
void gw_floor_choose(gw_floor *const *all, guint n, guint max);

#endif
