/* flavour_rig.h - a flavour under any row of events: what all flavours have in common when they are fuzzed. The promises of
 * flavour.h are checked after each step; a flavour's own fuzz target adds its own promises and turns bytes into events.
 * Thread: one.  Owner: fz_run.  Calls back: the functions of fz_kind. */
#ifndef FLAVOUR_RIG_H
#define FLAVOUR_RIG_H
#include <stdint.h>
#include "gateway/flavour/common.h"

typedef struct fz fz;
typedef struct {
  const gw_flavour_class *class;
  void (*event)(fz *, guint8 first_byte);          /* one event, with fz_byte for its arguments */
  void (*stepped)(fz *, const gw_ev *);            /* before its actions are looked at, or NULL */
  void (*word)(fz *, const gw_word *);             /* said; or NULL */
  void (*action)(fz *, const gw_action *);         /* before the common checks; or NULL */
  void (*state)(const fz *);                       /* after each step; or NULL */
} fz_kind;

struct fz {
  const fz_kind *kind;
  const uint8_t *at, *end;
  gw_flavour *f;
  gint64 now;
  gboolean stopped, ended, answered_stop;
  gboolean late;    /* what is said now was decided while the stream was away */
  GHashTable *open; /* peer -> nick when opened */
  char *sids[4];    /* of our last offers */
  guint n_sids;
  void *user;       /* the target's */
};

/* Occupants: 0 is ourselves, 5 another seat of ours, 6 the watcher. */
#define FZ_OCCUPANTS 8
extern const char *const fz_nicks[FZ_OCCUPANTS], *const fz_jids[FZ_OCCUPANTS];

/* Runs one flavour over these bytes and through its end; params without ids, which are fixed. */
void fz_run(const fz_kind *, gw_flavour_params *, const uint8_t *data, size_t n, void *user);
guint8 fz_byte(fz *);
void fz_feed(fz *, const gw_ev *);
void fz_stop(fz *);
void fz_pass(fz *, gint64 us); /* deadlines are kept on the way */
/* An occupant event from two bytes; muji: what the presence says, or NULL. */
void fz_occupant(fz *, guint who, guint8 what, const char *const *jids, gboolean present, const gw_muji *);
/* State, description or candidate for one of the transports that were opened last, from two bytes. */
void fz_media(fz *, const gw_desc *local, guint8 which, guint8 state);
const gw_fl_common *fz_common(const fz *);

#endif
