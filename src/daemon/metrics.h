/* metrics.h - the page /metrics (Prometheus text format 0.0.4).
 * Thread: control.  Owner: caller frees.  Calls back: never. */
#ifndef GW_METRICS_H
#define GW_METRICS_H
#include "daemon/control.h"

char *gw_metrics_text(const gw_control_env *);

#endif
