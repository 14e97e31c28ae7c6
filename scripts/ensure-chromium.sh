#!/usr/bin/env bash
# The playground is tested in a real Chromium. Installs Debian's where there is none, and where that can be done;
# elsewhere the tests skip, and say so.
set -u
[ -x "${CHROMIUM_PATH:-/usr/bin/chromium}" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo 'There is no Chromium, and no apt-get as root to install it: the page will not be tested.'
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
echo 'Chromium could not be installed: the page will not be tested.'
