#!/usr/bin/env bash
# usage: meter.sh AGENT BENCHMARKS [ROUNDS]
# All that docs/performance.md says about metering a file, in one go: generates the capture in full and cut to 96 octets a packet, meters both by edgesensors-agent with one worker and with
# two, by the C yardstick and by softflowd in turn, and prints medians and ratios; then the ladder of flow counts. AGENT is the published edgesensors-agent, BENCHMARKS the built
# edgesensors-benchmarks. Needs cc, softflowd, GNU time and taskset, 2.2 GB in TMPDIR and two cores with nothing else to do.
set -euo pipefail
agent=$1 benchmarks=$2 rounds=${3:-5}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O3 -march=native -o "$work/meter" "$here/meter.c"
"$benchmarks" generate "$work/full.pcap"
"$benchmarks" generate "$work/cut.pcap" --snap 96 >/dev/null

measure() { # capture name command...
  local to="$work/$1.$2"
  shift 2
  /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@" >/dev/null 2>&1
  awk '{ print $1, $2 + $3, $4 / 1024 }' "$work/time" >>"$to"
}

names=(one two jsonl yardstick softflowd)
for capture in full cut; do
  file="$work/$capture.pcap"
  cat "$file" >/dev/null
  for ((round = 0; round < rounds; round++)); do
    measure $capture one taskset -c 0 "$agent" meter --quiet --workers 1 "$file"
    measure $capture two "$agent" meter --quiet --workers 2 "$file"
    measure $capture jsonl "$agent" meter --format jsonl --workers 2 "$file"
    measure $capture yardstick taskset -c 0 "$work/meter" "$file"
    measure $capture softflowd taskset -c 0 softflowd -r "$file" -d -6 -m 2000000 -v 9 -n 127.0.0.1:19995 -c none
  done
done

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
column() { cut -d' ' -f"$2" "$work/$1" | median; }
for capture in full cut; do
  printf '\n%-5s %-10s %8s %8s %8s %12s\n' "$capture" what wall/s cpu/s MiB Mpackets/s
  for name in "${names[@]}"; do
    wall=$(column $capture.$name 1)
    printf '%-5s %-10s %8.2f %8.2f %8.0f %12.2f\n' "" $name "$wall" "$(column $capture.$name 2)" "$(column $capture.$name 3)" "$(awk -v w="$wall" 'BEGIN { print 5.999999 / w }')"
  done
  awk -v one="$(column $capture.one 1)" -v two="$(column $capture.two 1)" -v c="$(column $capture.yardstick 1)" -v s="$(column $capture.softflowd 1)" \
    -v onecpu="$(column $capture.one 2)" -v ccpu="$(column $capture.yardstick 2)" -v scpu="$(column $capture.softflowd 2)" 'BEGIN {
    printf "      of the C yardstick, one core: %.2f by wall, %.2f by CPU; of softflowd: %.1f by wall, %.1f by CPU; two cores of one: %.2f\n", c / one, ccpu / onecpu, s / one, scpu / onecpu, one / two }'
done

echo
"$benchmarks" ladder
