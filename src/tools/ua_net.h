/* ua_net.h - addresses and the RTP socket of the user agent.
 * Thread: one.  Owner: caller frees strings and closes sockets.  Calls back: never. */
#ifndef GW_UA_NET_H
#define GW_UA_NET_H
#include <glib.h>
#include <sys/socket.h>

/* Host and port out of "sip:user@host:port;x", "udp:host:port", "host:port" or "[::1]:5060"; port 0
 * when absent. FALSE when there is no host or the port is no number. */
gboolean gw_ua_host_port(const char *text, char **ret_host, guint16 *ret_port);
/* Our literal address on the way to host (a name is looked up, which may block). NULL with an error
 * for the operator. */
char *gw_ua_local_address(const char *host, GError **);
/* UDP socket on an even port (RFC 3550 11) of a literal address, non-blocking, with arrival times
 * by the kernel. -1 with an error. */
int gw_ua_rtp_socket(const char *address, guint16 *ret_port, GError **);
/* FALSE when the address is no literal one, or unspecified ("0.0.0.0": hold as in RFC 2543). */
gboolean gw_ua_sockaddr(const char *address, guint16 port, struct sockaddr_storage *ret,
                        socklen_t *ret_len);
/* Next datagram that waits: bytes, or -1. *ret_at_us: when the kernel got it, on the clock of
 * gw_now_us. */
gssize gw_ua_receive(int fd, guint8 *out, gsize cap, gint64 *ret_at_us);
/* Many calls need many sockets: takes all that the system lets us have. */
void gw_ua_raise_file_limit(void);

#endif
