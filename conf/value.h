/* value.h - what a loaded configuration is made of. Internal to conf/.
 * Thread: as conf.h.  Owner: the gw_conf owns items, an item owns its values.  Calls back: never.
 */
#ifndef GW_CONF_VALUE_H
#define GW_CONF_VALUE_H
#include <glib.h>
#include "conf/schema.h"

typedef struct {
  char *str;      /* STRING */
  char **list;    /* STRINGS */
  gint64 num[2];  /* INT, BOOL: [0]; INTS: both */
  guint line;     /* 0: not from the file */
  gboolean given; /* FALSE: worked out from other keys */
} gw_value;

/* One group of a list, or (conf->root) all that is in no list. */
typedef struct {
  GHashTable *values; /* leaf name (root: whole name) -> gw_value */
  GHashTable *wrong;  /* set of names that are there with a value of another type */
  guint line;
  gboolean from_file;
} gw_item;

struct gw_conf {
  char *file;
  char *dir; /* that relative files are relative to */
  gw_item *root;
  GHashTable *lists;   /* "phones", "media.turn" -> GPtrArray of gw_item */
  GPtrArray *warnings; /* char* */
};

gw_value *gw_value_new(guint line);
gw_item *gw_item_new(guint line, gboolean from_file);
void gw_item_free(gw_item *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_item, gw_item_free)
void gw_item_set(gw_item *, const char *leaf, gw_value *taken);
gw_value *gw_item_get(const gw_item *, const char *leaf);
const char *gw_item_str(const gw_item *, const char *leaf); /* "" when not given */

gw_conf *gw_conf_new(const char *file);
GPtrArray *gw_conf_items(const gw_conf *, const char *list); /* NULL: none */
void gw_conf_append(gw_conf *, const char *list, gw_item *taken);
char *gw_conf_beside(const gw_conf *,
                     const char *path); /* relative to the configuration's folder */

/* Errors and warnings are collected as "FILE:LINE: path: text". */
typedef struct {
  const char *file;  /* NULL: what is checked comes from a command */
  GPtrArray *errors; /* char*, or NULL */
  guint count;
} gw_problems;
void gw_problem(gw_problems *, guint line, const char *path, const char *fmt, ...)
    G_GNUC_PRINTF(4, 5);

/* NULL when the value fits its key, else what is wrong ("is out of range"). */
char *gw_value_wrong(const gw_key *, const gw_value *);
/* From text as in `room add`: NULL and *ret_why when it does not fit. */
gw_value *gw_value_from_text(const gw_key *, const char *text, char **ret_why);
char *gw_value_text(const gw_key *,
                    const gw_value *or_null); /* as in the file; NULL: the default */
/* Required keys of one group, whatever it came from; prefix "rooms[2]." for messages. */
void gw_check_item(const gw_item *, const char *list, const char *prefix, gw_problems *);
/* What no single key can see; fills in values that follow from others. */
void gw_check_whole(gw_conf *, gw_problems *);
/* Numbers that a new phone or room would share with another. */
char *gw_check_number_taken(const gw_conf *, const char *number);
/* Warnings of one group. */
void gw_check_later(gw_conf *, const gw_item *, const char *schema_prefix, const char *prefix);

#endif
