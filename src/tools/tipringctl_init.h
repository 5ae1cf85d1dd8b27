/* tipringctl_init.h - the first configuration: what is asked, what is written, and what the XMPP server needs for it.
 * Thread: one.  Owner: caller frees what is returned.  Calls back: never; gw_init_run asks on the terminal and blocks. */
#ifndef GW_TIPRINGCTL_INIT_H
#define GW_TIPRINGCTL_INIT_H
#include <glib.h>

typedef struct {
  char *domain, *secret; /* the component's */
  char *room;            /* bare JID */
  char *password;        /* the first phone's */
  char *phone, *number;  /* the phone's number, and the one that leads into the room */
} gw_init_answers;
void gw_init_answers_clear(gw_init_answers *);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gw_init_answers, gw_init_answers_clear)

/* --- tipringctl_init_text.c: pure */
/* NULL when all is well, else what is wrong with them. */
char *gw_init_problem(const gw_init_answers *);
char *gw_init_conf(const gw_init_answers *); /* tipring.conf */
/* Pieces to paste, one per place where they belong. */
typedef struct {
  const char *name;  /* member of the JSON document */
  const char *where; /* for people */
  char *(*make)(const gw_init_answers *);
} gw_init_piece;
extern const gw_init_piece gw_init_pieces[]; /* ends with a NULL name */

/* --- tipringctl_init.c */
/* rest: options behind the command's name. The exit code; what went wrong stands on stderr. */
int gw_init_run(const char *file, const char *const *rest, gboolean json);

#endif
