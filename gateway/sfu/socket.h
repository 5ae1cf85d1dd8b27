/* socket.h - inside of gateway/sfu: what everything that opens a WebSocket to a service shares (sfu.c).
 * Thread: the control thread.  Owner: the caller of what is returned.  Calls back: never. */
#ifndef GW_SFU_SOCKET_H
#define GW_SFU_SOCKET_H
#include <libsoup/soup.h>

SoupSession *gw_sfu_http(void);
/* Why there was no WebSocket: what the server answered instead, else the error. */
char *gw_sfu_no_socket(SoupMessage *asked, const char *error);

#endif
