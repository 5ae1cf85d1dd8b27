/* child.h - one run of a helper program beside us: a fixed command line without a shell, its input whole from the start, its
 * output and its time bounded; stderr is thrown away. It never makes the loop wait.
 * Thread: the one that iterates the context.  Owner: maker frees, also from `done`; a program that still runs is killed.
 * Calls back: done once, from the loop. */
#ifndef GW_CHILD_H
#define GW_CHILD_H
#include <glib.h>

typedef struct gw_child gw_child;
typedef struct {
  const char *const *argv; /* argv[0]: full path */
  const char *const *env;
  const char *input; /* what it reads; NULL: nothing */
  gsize max_output;  /* bytes; more, and it is killed */
  gint64 limit_us;   /* longer, and it is killed */
} gw_child_params;
/* why: NULL when it ended by itself with exit status 0, else in words; out is what it had said until then. */
typedef void (*gw_child_fn)(const guint8 *out, gsize n, const char *why, void *user);

gw_child *gw_child_new(GMainContext *, const gw_child_params *, gw_child_fn done, void *user,
                       GError **);
void gw_child_free(gw_child *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_child, gw_child_free)

#endif
