#!/usr/bin/env bash
# Replicas are tested behind a real nginx with njs. Installs Debian's where there is none, and where that can be done;
# elsewhere the tests skip, and say so.
set -u
there() { [ -x "${NGINX_PATH:-/usr/sbin/nginx}" ] && [ -f "${NGINX_MODULES:-/usr/lib/nginx/modules}/ngx_http_js_module.so" ]; }
there && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo 'There is no nginx with njs, and no apt-get as root to install it: replicas will not be tested.'
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# As in single-user mode no service is started.
export RUNLEVEL=1
apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx libnginx-mod-http-js >/dev/null && there && exit 0
echo 'nginx could not be installed: replicas will not be tested.'
