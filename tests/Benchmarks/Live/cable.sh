#!/usr/bin/env bash
# usage: cable.sh EDGESENSORS-BENCHMARKS CAPTURE [ROUNDS]   (root; iproute2, tcpreplay, capinfos; cc, tcpdump, softflowd and fprobe where they are to be compared)
# Sends a capture over a virtual cable in a namespace of its own, one core sending, the other receiving: to our capture, our meter, the agent's whole way, and to the
# peers in turn. Prints each one's CPU microseconds a packet, median of the rounds, with what it says of lost packets, and its ratio to our meter.
set -euo pipefail
ours=$1 capture=$2 rounds=${3:-5}
here=$(cd "$(dirname "$0")" && pwd)
space=edgesensors-cable-$$
work=$(mktemp -d)
ip netns add "$space"
trap 'ip netns delete "$space"; rm -rf "$work"' EXIT
inside() { ip netns exec "$space" "$@"; }
inside ip link set lo up
inside ip link add near mtu 2000 type veth peer name far mtu 2000
for end in near far; do
  inside ip link set "$end" addrgenmode none
  inside ip link set "$end" up
done

packets=$(capinfos -Mrc "$capture" | awk 'END { print $NF }')
send() { sleep 1; inside taskset -c 0 tcpreplay -q -K -t -i near "$capture" 2>/dev/null | sed -n 's/^Rated.* \([0-9.]* pps\)$/\1/p' >>"$work/sent"; }
has() { command -v "$1" >/dev/null; }

# One that says itself what a packet cost, and ends when the line is silent.
measure() { # name command...
  local name=$1; shift
  inside taskset -c 1 "$@" >"$work/said" &
  send
  wait $!
  awk '{ print $1 }' "$work/said" >>"$work/$name"
  sed 's/^[^,]*, //' "$work/said" >"$work/$name.last"
}

# One that runs until it is told to stop: its CPU time before and after, from the kernel.
daemon() { # name say-loss command...
  local name=$1 loss=$2; shift 2
  ip netns exec "$space" taskset -c 1 "$@" >"$work/$name.last" 2>&1 & # no function: $! is to be the program itself
  local pid=$!
  sleep 1
  local before; before=$(cpu_ticks $pid)
  send
  sleep 2
  awk -v a="$before" -v b="$(cpu_ticks $pid)" -v hz="$(getconf CLK_TCK)" -v n="$packets" 'BEGIN { printf "%.3f\n", (b - a) / hz * 1e6 / n }' >>"$work/$name"
  $loss >>"$work/$name.last" 2>&1 || true
  kill $pid 2>/dev/null || true # by which tcpdump says what was dropped
  wait $pid 2>/dev/null || true
}
cpu_ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

names=(capture meter run run-2)
has cc && cc -O3 -march=native -o "$work/ring-bin" "$here/../Yardstick/ring.c" && names+=(ring)
for peer in tcpdump fprobe softflowd; do has $peer && names+=($peer); done

for ((round = 0; round < rounds; round++)); do
  for one in "${names[@]}"; do
    case $one in
      capture) measure $one "$ours" live far ;;
      meter) measure $one "$ours" live far --meter ;;
      run) measure $one "$ours" live far --report ;;
      run-2) measure $one "$ours" live far --report --rings 2 ;;
      ring) measure $one "$work/ring-bin" far ;;
      tcpdump) daemon $one true tcpdump -i far -s 96 -B 32768 -w /dev/null ;;
      fprobe) daemon $one true fprobe -i far -f ip -B 32768 -l 2 127.0.0.1:19995 ;;
      softflowd) daemon $one "softflowctl -c $work/ctl statistics" softflowd -i far -d -6 -m 2000000 -B 33554432 -v 9 -n 127.0.0.1:19995 -c "$work/ctl" -p "$work/pid" ;;
    esac
  done
done

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
base=$(median <"$work/meter")
echo "$packets packets, sent at $(median <"$work/sent") packets/s, $rounds rounds"
printf '%-10s %14s %8s  %s\n' what us/packet ratio 'last round'
for one in "${names[@]}"; do
  cost=$(median <"$work/$one")
  printf '%-10s %14.3f %8.2f  %s\n' "$one" "$cost" "$(awk -v a="$cost" -v b="$base" 'BEGIN { print a / b }')" "$(grep -aiE 'dropped|packets processed' "$work/$one.last" | head -1)"
done
