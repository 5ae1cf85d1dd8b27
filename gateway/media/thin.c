#include "gateway/media/thin.h"
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD 8      /* the filter sees the UDP header first */
#define SHORTEST 20 /* bytes of payload: less is not SRTP and of no interest here */
#define MOST 24     /* instructions */

typedef struct {
  struct sock_filter code[MOST];
  guint n;
} program;

/* A jump goes over as many instructions as are not known yet: PASS, mended at the end. */
#define PASS 255

static void add(program *p, guint16 code, guint8 jt, guint8 jf, guint32 k) {
  p->code[p->n++] = (struct sock_filter){code, jt, jf, k};
}

static void load(program *p, guint16 size, guint32 at) {
  add(p, (guint16)(BPF_LD | BPF_ABS | size), 0, 0, at);
}

static void pass_unless(program *p, guint16 test, guint32 k) {
  add(p, (guint16)(BPF_JMP | BPF_K | test), 0, PASS, k);
}

static void pass_if(program *p, guint16 test, guint32 k) {
  add(p, (guint16)(BPF_JMP | BPF_K | test), PASS, 0, k);
}

static void check_sender(program *p, const gw_addr *a) {
  guint32 word;
  gboolean six = a->u.sa.sa_family == AF_INET6;
  const guint8 *ip = six ? a->u.v6.sin6_addr.s6_addr : (const guint8 *)&a->u.v4.sin_addr;
  load(p, BPF_H, 0);
  pass_unless(p, BPF_JEQ, gw_addr_port(a));
  for (guint i = 0; i < (six ? 4 : 1); i++) {
    memcpy(&word, ip + 4 * i, sizeof word);
    load(p, BPF_W, (guint32)SKF_NET_OFF + (six ? 8 : 12) + 4 * i);
    pass_unless(p, BPF_JEQ, g_ntohl(word));
  }
}

static void check_packet(program *p) {
  add(p, BPF_LD | BPF_LEN, 0, 0, 0);
  pass_unless(p, BPF_JGE, HEAD + SHORTEST);
  load(p, BPF_B, HEAD); /* RFC 7983: 128 to 191 is RTP or RTCP */
  pass_unless(p, BPF_JGE, 128);
  pass_if(p, BPF_JGT, 191);
  load(p, BPF_B, HEAD + 1); /* the marker, or RTCP (RFC 5761 4) */
  pass_if(p, BPF_JSET, 0x80);
  load(p, BPF_H, HEAD + 2);
  add(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, GW_THIN_EVERY - 1);
  pass_if(p, BPF_JEQ, 0);
}

static void finish(program *p) {
  add(p, BPF_RET | BPF_K, 0, 0, 0);
  for (guint i = 0; i < p->n; i++) {
    struct sock_filter *f = &p->code[i];
    if (BPF_CLASS(f->code) != BPF_JMP) continue;
    if (f->jt == PASS) f->jt = (guint8)(p->n - i - 1);
    if (f->jf == PASS) f->jf = (guint8)(p->n - i - 1);
  }
  add(p, BPF_RET | BPF_K, 0, 0, 0xffffffff);
}

gboolean gw_thin_on(int fd, const gw_addr *sender) {
  program p = {.n = 0};
  guint32 dropped;
  if (!gw_thin_dropped(fd, &dropped)) return FALSE;
  check_packet(&p);
  check_sender(&p, sender);
  finish(&p);
  struct sock_fprog all = {(unsigned short)p.n, p.code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all) == 0;
}

void gw_thin_off(int fd) {
  int none = 0;
  setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
}

gboolean gw_thin_dropped(int fd, guint32 *ret) {
  guint32 info[SK_MEMINFO_VARS];
  socklen_t n = sizeof info;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &n) || n < sizeof info) return FALSE;
  *ret = info[SK_MEMINFO_DROPS];
  return TRUE;
}
