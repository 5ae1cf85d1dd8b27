/* ua_modes.h - the three commands.
 * Thread: the main one.  Owner: the options stay the caller's.  Calls back: never.  They return the
 * exit code. */
#ifndef GW_UA_MODES_H
#define GW_UA_MODES_H
#include "tools/ua_options.h"

int gw_ua_run_call(const gw_ua_options *);
int gw_ua_run_answer(const gw_ua_options *);
int gw_ua_run_load(const gw_ua_options *);

#endif
