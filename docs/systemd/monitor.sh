#!/bin/sh
# /usr/local/bin/monitor: a command with the user, environment and rights of the service. Run as root or with sudo.
set -eu
program=/opt/monitor/.venv/bin/python
environment=/etc/monitor/environment

run='umask 077; set -a; . "$1"; set +a; shift; exec "$@"'
if [ "$(id -un)" = monitor ]; then
  exec sh -c "$run" monitor "$environment" "$program" -P -m monitor "$@"
fi
if [ "$(id -u)" != 0 ]; then
  echo "monitor: This command works as the user 'monitor'; run it with sudo." >&2
  exit 2
fi
exec runuser -u monitor -- sh -c "$run" monitor "$environment" "$program" -P -m monitor "$@"
