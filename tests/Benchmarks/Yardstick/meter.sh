#!/usr/bin/env bash
# usage: meter.sh AGENT CAPTURE [ROUNDS]
# Meters one capture by edgesensors-agent, the C yardstick and softflowd in turn, and prints each one's medians and its ratio to the agent. Needs cc, softflowd and GNU time.
set -euo pipefail
agent=$1 capture=$2 rounds=${3:-5}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O3 -march=native -o "$work/meter" "$here/meter.c"
cat "$capture" >/dev/null

measure() { # name command...
  local name=$1; shift
  /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@" >/dev/null 2>&1
  awk '{ print $1, $2 + $3, $4 / 1024 }' "$work/time" >>"$work/$name"
}

for ((round = 0; round < rounds; round++)); do
  measure agent "$agent" meter --quiet "$capture"
  measure agent-jsonl "$agent" meter --format jsonl "$capture"
  measure yardstick "$work/meter" "$capture"
  measure softflowd softflowd -r "$capture" -d -6 -m 2000000 -v 9 -n 127.0.0.1:19995 -c none
done

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
base=$(cut -d' ' -f2 "$work/agent" | median)
printf '%-12s %8s %8s %8s %10s\n' what wall/s cpu/s MiB 'cpu ratio'
for name in agent agent-jsonl yardstick softflowd; do
  cpu=$(cut -d' ' -f2 "$work/$name" | median)
  printf '%-12s %8.2f %8.2f %8.0f %10.2f\n' "$name" "$(cut -d' ' -f1 "$work/$name" | median)" "$cpu" "$(cut -d' ' -f3 "$work/$name" | median)" \
    "$(awk -v a="$cpu" -v b="$base" 'BEGIN { print a / b }')"
done
