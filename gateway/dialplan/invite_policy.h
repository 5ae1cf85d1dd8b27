/* invite_policy.h - who may have which number called into which room by an invitation (XEP-0045 7.8, XEP-0249).
 * Thread: any (pure).  Owner: caller frees the policy; strings passed in are copied.  Calls back: never.
 * Without any rule: whoever is in a configured room may have called into it what he may have called at all. Everything else
 * needs a rule, and one that fits is enough. In patterns * stands for any characters, ? for one. */
#ifndef GW_INVITE_POLICY_H
#define GW_INVITE_POLICY_H
#include <glib.h>

typedef struct gw_invite_policy gw_invite_policy;

typedef struct {
  const char *inviter; /* bare JID, normalised */
  const char *room;    /* bare JID, normalised */
  const char *number;  /* normalised */
  gboolean room_configured;
  gboolean call_room; /* made for one call: then it is the person who counts, as if the room were a configured one */
  gboolean occupants_may; /* the room is configured so */
  gboolean occupant;      /* the inviter is in the room */
  gboolean callable; /* a phone of ours, or the rules of a trunk let the inviter have it called */
} gw_invite_ask;

gw_invite_policy *gw_invite_policy_new(void);
void gw_invite_policy_free(gw_invite_policy *);
/* Lists end with NULL and may be NULL or empty. from: bare JIDs; empty: nobody. rooms: bare JIDs; empty: those that are
 * configured. numbers; empty: all. What is not callable never is by a rule of this list: what may leave, and by whose wish,
 * is said by the trunk alone. */
void gw_invite_policy_add(gw_invite_policy *, const char *const *from, const char *const *rooms,
                          const char *const *numbers);
/* FALSE: *ret_why is a static phrase for the log and the inviter. */
gboolean gw_invite_policy_allows(const gw_invite_policy *, const gw_invite_ask *,
                                 const char **ret_why);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_invite_policy, gw_invite_policy_free)

#endif
