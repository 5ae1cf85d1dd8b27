/* roff.h - text of the tables as man pages take it.
 * Thread: any (pure).  Owner: caller's buffer.  Calls back: never. */
#ifndef GW_ROFF_H
#define GW_ROFF_H
#include <glib.h>

/* Appends text so that nothing of it acts as a roff command; a line may break behind each comma. */
void gw_roff_text(GString *out, const char *text);

#endif
