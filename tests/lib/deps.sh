# What ./demo and ./check need of Debian 12, and how they report. Sourced, not run.
# shellcheck shell=bash disable=SC2034,SC2086 # the lists are used by those who source this, as words

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config python3 espeak-ng
  libglib2.0-dev libconfig-dev libjson-glib-dev libsoup-3.0-dev libsqlite3-dev
  libstrophe-dev libsofia-sip-ua-glib-dev libnice-dev libssl-dev libsrtp2-dev libopus-dev libspandsp-dev"
DEMO_PACKAGES="prosody chromium libjs-strophe python3-slixmpp"
CHECK_PACKAGES="$DEMO_PACKAGES firefox-esr prosody-modules ejabberd python3-aiortc python3-numpy python3-websockets sip-tester baresip-core kamailio coturn
  debhelper dpkg-dev fakeroot openssl iproute2 nftables linphone-cli"

started=$SECONDS

step() { printf '[%3d s] %s\n' $((SECONDS - started)) "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# One line of progress every few seconds while the job $1 runs: the last line of its log $2, and $3 in front.
watch_job() {
  local last='' line
  while kill -0 "$1" 2>/dev/null; do
    sleep 2
    line=$(tail -n 1 "$2" 2>/dev/null | tr -d '\r' | cut -c1-90)
    [ "$line" = "$last" ] || step "  $3: $line"
    last=$line
  done
  wait "$1"
}

missing_packages() {
  local p
  for p in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s ' "$p"
  done
}

POLICY=/usr/sbin/policy-rc.d

# Debian starts what it installs. Nobody asked for a public XMPP server on this machine, so while the packages are set
# up Debian's own switch says no; it is taken away again at once, and one that is there already is left alone.
hold_services() {
  [ -e $POLICY ] && return
  printf '#!/bin/sh\nexit 101\n' >$POLICY && chmod 755 $POLICY
  trap release_services EXIT
  step "  services of the new packages will not be started"
}
release_services() {
  [ -z "$(trap -p EXIT)" ] && return # it was there before us
  trap - EXIT
  rm -f $POLICY
}

# install_packages LOG PACKAGE...: installs what is missing; says what it does, and nothing when all is there.
install_packages() {
  local log=$1 missing
  shift
  command -v dpkg-query >/dev/null || fail "This is not Debian: install the counterparts of these packages yourself: $*"
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || fail "Packages are missing, and only root can install them. Run: apt-get install --no-install-recommends $missing"
  step "installing $(wc -w <<<"$missing") packages (and what they need): $missing"
  hold_services
  (
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    apt-get -q update && apt-get -q -y --no-install-recommends install $missing
  ) >"$log" 2>&1 &
  watch_job $! "$log" apt || { tail -n 15 "$log" >&2; fail "Installing failed; the whole log: $log"; }
  release_services
  missing=$(missing_packages "$@")
  [ -z "$missing" ] || fail "Still missing after the installation: $missing"
}

# build_tree FOLDER LOG [MESON OPTION...]: configures if needed, and compiles $BUILD_TARGETS (all when unset).
build_tree() {
  local folder=$1 log=$2
  shift 2
  {
    if [ -f "$folder/build.ninja" ]; then meson configure "$folder" "$@"; else meson setup "$folder" "$@"; fi
  } >"$log" 2>&1 || { tail -n 25 "$log" >&2; fail "Configuring failed; the whole log: $log"; }
  ninja -C "$folder" ${BUILD_TARGETS:-} >>"$log" 2>&1 &
  watch_job $! "$log" ninja || { grep -A12 -m3 -E 'FAILED|error:' "$log" >&2; fail "Compiling failed; the whole log: $log"; }
}
