#!/bin/sh
# each.sh 'COMMAND' 'COMMAND' ..: runs every one, whatever became of those before, and says at the end which passed and
# which missed, with their seconds. Exit code 1 when one missed.
told=
missed=0
for command in "$@"; do
  printf '== %s\n' "$command"
  began=$(date +%s)
  if sh -c "$command"; then word=passed; else word="MISSED, exit code $?" missed=$((missed + 1)); fi
  told="$told$(($(date +%s) - began)) s  $command: $word
"
done
printf '\n%s' "$told"
echo "$# commands, $missed missed"
[ "$missed" = 0 ]
