#!/usr/bin/env bash
# usage: cable.sh EDGESENSORS-BENCHMARKS CAPTURE [ROUNDS]   (root; iproute2, tcpreplay, tcpdump)
# Sends a capture over a virtual cable in a namespace of its own, one core sending, one receiving, to our capture, to our meter and to tcpdump.
set -euo pipefail
ours=$1 capture=$2 rounds=${3:-5}
name=edgesensors-cable-$$
ip netns add "$name"
trap 'ip netns delete "$name"' EXIT
inside() { ip netns exec "$name" "$@"; }
inside ip link add near mtu 2000 type veth peer name far mtu 2000
for end in near far; do
  inside ip link set "$end" addrgenmode none
  inside ip link set "$end" up
done

packets=$(capinfos -Mrc "$capture" | awk 'END { print $NF }')
send() { sleep 1; inside taskset -c 0 tcpreplay -q -K -t -i near "$capture" 2>/dev/null | sed -n 's/^Rated.* \([0-9.]* pps\)$/  sent at \1/p'; }

TIMEFORMAT='%U %S'
for ((round = 0; round < rounds; round++)); do
  for mode in "" --meter; do
    inside taskset -c 1 "$ours" live far $mode | sed "s/^/ours $mode: /" &
    send
    wait $!
  done
  { time inside taskset -c 1 timeout 120 tcpdump -i far -s 96 -B 32768 -c "$packets" -w /dev/null 2>/dev/null; } 2>&1 |
    awk -v n="$packets" '{ printf "tcpdump: %.3f us CPU/packet\n", ($1 + $2) * 1e6 / n }' &
  send
  wait $!
done
