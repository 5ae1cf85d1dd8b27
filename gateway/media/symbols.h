/* symbols.h - libnice and Sofia-SIP both export a function named stun_message_length. In one
 * process the dynamic linker gives both libraries the first one it meets; if that is Sofia's, every
 * STUN message of libnice is written and checked with the wrong structure and ICE never gets
 * anywhere. So libnice must come before Sofia in the program's list of libraries
 * (src/daemon/meson.build), and the media engine looks before it starts. Thread: control.  Owner:
 * -.  Calls back: never. */
#ifndef GW_SYMBOLS_H
#define GW_SYMBOLS_H
#include <glib.h>

/* FALSE with an error that names the library in the way. */
gboolean gw_symbols_check(GError **);

#endif
