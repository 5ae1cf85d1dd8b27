/* limits.h - every bound on what the network can make us hold, in one place.
 * Thread: any.  Owner: -.  Calls back: never.
 * A parser that meets more than the limit refuses the message; it never grows past it. */
#ifndef GW_LIMITS_H
#define GW_LIMITS_H

#define GW_MAX_SDP_BYTES 16384       /* one SDP body */
#define GW_MAX_SDP_LINES 400         /* lines in one SDP body */
#define GW_MAX_SDP_LINE 1024         /* bytes in one SDP line */
#define GW_MAX_MEDIA 8               /* m-lines or Jingle contents in one description */
#define GW_MAX_CODECS 64             /* payload types in one m-line or content */
#define GW_MAX_CANDIDATES 25         /* libnice keeps no more (NICE_AGENT_MAX_REMOTE_CANDIDATES) */
#define GW_MAX_SSRCS 16              /* sources in one content */
#define GW_MAX_FMTP 256              /* bytes of one fmtp value */
#define GW_MAX_XML_DEPTH 32          /* nesting of one stanza that we look at */
#define GW_MAX_XML_BYTES 262144      /* one stanza that we look at */
#define GW_MAX_OCCUPANTS 1000        /* occupants kept of one room */
#define GW_MAX_JIDS_PER_NICK 8       /* devices kept of one nick */
#define GW_MAX_CALLS_PER_ROOM 32     /* JMUCI proposals remembered of one room */
#define GW_MAX_ORDER 200             /* entries in one accept order */
#define GW_MAX_SESSIONS_PER_SEAT 200 /* Jingle sessions of one phone */
#define GW_MAX_MUJI_CODECS 16        /* payload types kept of one Muji presence */
#define GW_MAX_JID 3071              /* RFC 7622 3.1 */
#define GW_MAX_SID 256               /* bytes of a Jingle sid or a JMUCI id that we accept */
#define GW_MAX_NICK 64               /* characters of a nick that we send */
#define GW_MAX_BINDINGS 10           /* contacts of one phone */
#define GW_MAX_DATAGRAM 1500         /* bytes of a media datagram */
#define GW_MAX_SRTP_SSRCS 256        /* sources that one SRTP session has authenticated */
#define GW_MAX_LEDGER_BYTES 4194304 /* saved accept orders of one room */
#define GW_MAX_NUMBER 128           /* bytes of a dialled number */
#define GW_MAX_REPLACES 512          /* bytes of a Replaces header */
#define GW_MAX_REFER_TO 1024         /* bytes of a Refer-To URI */
#define GW_MAX_HISTORY 256           /* bytes kept of Diversion and History-Info */
#define GW_MAX_CHAT 2048              /* bytes of a text between a phone and a room */
#define GW_MAX_CHAT_LINE 900         /* bytes of a text to a phone: the request shall fit a datagram (RFC 3428 8) */
#define GW_MAX_TEXTS_OUT 4           /* of them on their way to one phone */
#define GW_MAX_CHATTERS 1024         /* phones and calls whose texts are counted */
#define GW_MAX_REASON 96             /* bytes kept of the text of a Reason header */
#define GW_MAX_FORWARDS 3            /* numbers that one call is passed on to by 3xx */
#define GW_MAX_SPOKEN_REFUSALS 20    /* calls at once that are told why before they are refused */
#define GW_MAX_LOCKOUTS 4096         /* sources and rooms whose PIN tries are counted */
#define GW_MAX_MEDIA_OBJECTS 65536   /* rooms, legs and peers of the media engine */
#define GW_MAX_WATCHERS 16384         /* people told of phones' presence: pairs of phone and person */
#define GW_MAX_WATCHERS_OF_PHONE 2048
#define GW_MAX_ACCOUNTS 500             /* SIP accounts that people have brought */
#define GW_MAX_ITEMS 4096              /* rooms and phones in the list that people can ask for */
#define GW_MAX_INVITERS 1024          /* people whose invitations and calls are counted, domains whose refusals are */
#define GW_MAX_HEP_MESSAGE 60000     /* bytes of a SIP message that is copied to a capture server */
#define GW_MAX_SPOKEN_NAMES 8        /* of those in a room, said at *3 */
#define GW_MAX_SPOKEN_NAME 32        /* characters of one of them */
#define GW_MAX_SPEECH_BYTES 2097152  /* what the synthesiser says to one text */
#define GW_MAX_SPEECH_WAITING 16     /* texts that wait for it */
#define GW_PEER_QUIET_S 10           /* s without RTP of one who sent some: gone */
#define GW_MAX_SFU_FRAME 1000000     /* bytes of one frame from a forwarding service */
#define GW_MAX_JSON_DEPTH 32         /* nesting of one JSON text of it */
#define GW_MAX_SFU_NAMES 1000        /* names that it says are in its room */
#define GW_MAX_COIN_USERS 8 /* of one stream, as XEP-0298 names them */
#define GW_MAX_SFU_CONTENTS 64       /* contents of one session with it */
#define GW_MAX_COIN_TOLD 100        /* named to somebody who hears a mixed call by one session */
#define GW_MAX_SFU_STREAMS 100       /* sessions of it with one phone */
#define GW_MAX_SFU_ASKED 256         /* questions to it without an answer */
#define GW_MAX_TRACE 256             /* events kept of one call */
#define GW_MAX_SERVICES 16           /* STUN and TURN servers that an XMPP server may name (XEP-0215) */
#define GW_MAX_SERVICE_TEXT 512      /* bytes of a name, user or password of one of them */
#define GW_MAX_TUNNELS 16            /* TURN servers reached by TLS */
#define GW_MAX_TUNNEL_CONNECTIONS 512 /* to all of them at once */
#define GW_MAX_SPARES 4              /* transports of one room that gather ahead of their sessions */
#define GW_SPARE_S 30                /* s that they wait for them */
#define GW_MAX_RESTARTS 10           /* of ICE in one peer within GW_RESTART_WINDOW_S; more end it */
#define GW_RESTART_WINDOW_S 60

#endif
