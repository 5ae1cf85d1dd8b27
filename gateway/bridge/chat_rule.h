/* chat_rule.h - text between telephones and rooms: which of a phone's calls a text is meant for, and how what is said in a
 * room is written to a phone.
 * Thread: any (pure).  Owner: the caller frees.  Calls back: never. */
#ifndef GW_CHAT_RULE_H
#define GW_CHAT_RULE_H
#include <glib.h>

/* One call of the phone that writes. */
typedef struct {
  gboolean dialog;    /* the text came in its dialog */
  gboolean addressed; /* its room's number is what the text was sent to */
  gboolean inside;    /* it is in the room: others there read it */
} gw_chat_call;

/* Index of the call whose room gets the text; -1: refused with *ret_status and *ret_why (static). room_number: it was sent to
 * a number that leads into some room; else it may go wherever the phone is, if that is one room only. */
int gw_chat_pick(const gw_chat_call *, guint n, gboolean room_number, guint *ret_status, const char **ret_why);

/* "Anna: hello", at most GW_MAX_CHAT_LINE bytes, cut between characters. NULL: there is nothing to read. */
char *gw_chat_line(const char *nick, const char *body);

#endif
