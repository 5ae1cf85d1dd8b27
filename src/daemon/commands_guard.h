/* commands_guard.h - what `status` tells of those who try passwords and PINs; behind commands_daemon.c.
 * Thread: control.  Owner: caller's builder and string.  Calls back: never. */
#ifndef GW_COMMANDS_GUARD_H
#define GW_COMMANDS_GUARD_H
#include "daemon/request.h"

/* Member "guard" of the open object: counts, who is banned and for how long, whose PIN tries are slowed. No secrets. */
void gw_status_guard_json(const gw_control_env *, JsonBuilder *);
void gw_status_guard_text(const gw_control_env *, GString *out);

#endif
