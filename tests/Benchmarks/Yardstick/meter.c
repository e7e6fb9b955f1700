/* The yardstick: what a plain C loop costs to read a pcap, parse the headers, find the biflow in a hash table and count. Nothing else:
 * no timeouts, no export, no options. `cc -O3 -march=native -o meter meter.c && ./meter FILE`. Ethernet, little-endian microsecond pcap. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

struct key { uint8_t a[16], b[16]; uint16_t pa, pb; uint8_t proto, v6, pad[2]; };
struct flow { struct key key; uint64_t packets[2], octets[2], first, last; uint8_t flags[2], used; };

static struct flow *table;
static uint64_t mask, flows, packets, ip_packets, octets;

static uint64_t hash(const struct key *k) {
    const uint64_t *w = (const uint64_t *)k;
    uint64_t h = w[4];
    for (int i = 0; i < 4; i++) h = (h ^ w[i]) * 0x9E3779B97F4A7C15ull, h ^= h >> 29;
    return h ^ h >> 32;
}

static void grow(void);

static struct flow *find(const struct key *k) {
    if (flows * 2 > mask) grow();
    uint64_t i = hash(k) & mask;
    while (table[i].used && memcmp(&table[i].key, k, sizeof *k)) i = (i + 1) & mask;
    if (!table[i].used) { table[i].used = 1; table[i].key = *k; flows++; }
    return &table[i];
}

static void grow(void) {
    struct flow *old = table;
    uint64_t n = old ? mask + 1 : 0;
    mask = n ? n * 2 - 1 : (1 << 16) - 1;
    table = calloc(mask + 1, sizeof *table);
    for (uint64_t i = 0; i < n; i++) if (old[i].used) {
        uint64_t j = hash(&old[i].key) & mask;
        while (table[j].used) j = (j + 1) & mask;
        table[j] = old[i];
    }
    free(old);
}

static void frame(const uint8_t *p, uint32_t n, uint64_t time) {
    packets++;
    if (n < 34) return;
    uint16_t type = p[12] << 8 | p[13];
    struct key k;
    memset(&k, 0, sizeof k);
    const uint8_t *src, *dst, *l4;
    uint32_t alen, size;
    if (type == 0x0800) {
        src = p + 26; dst = p + 30; alen = 4; k.proto = p[23]; l4 = p + 14 + (p[14] & 15) * 4; size = p[16] << 8 | p[17];
    } else if (type == 0x86dd && n >= 54) {
        src = p + 22; dst = p + 38; alen = 16; k.proto = p[20]; l4 = p + 54; size = (p[18] << 8 | p[19]) + 40; k.v6 = 1;
    } else return;
    ip_packets++; octets += size;
    uint16_t sp = 0, dp = 0;
    uint8_t bits = 0;
    if ((k.proto == 6 || k.proto == 17) && l4 + 4 <= p + n) {
        sp = l4[0] << 8 | l4[1]; dp = l4[2] << 8 | l4[3];
        if (k.proto == 6 && l4 + 14 <= p + n) bits = l4[13];
    }
    int c = memcmp(src, dst, alen), back = c > 0 || (c == 0 && sp > dp);
    memcpy(back ? k.b : k.a, src, alen); memcpy(back ? k.a : k.b, dst, alen);
    k.pa = back ? dp : sp; k.pb = back ? sp : dp;
    struct flow *f = find(&k);
    f->packets[back]++; f->octets[back] += size; f->flags[back] |= bits;
    if (!f->first) f->first = time;
    f->last = time;
}

int main(int argc, char **argv) {
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : 0;
    if (fd < 0) { perror(argv[1]); return 1; }
    uint8_t *buffer = malloc(2 * BLOCK);
    size_t have = 0, at = 24;
    grow();
    for (ssize_t got; (got = read(fd, buffer + have, BLOCK)) > 0;) {
        have += got;
        while (have - at >= 16) {
            uint32_t h[4];
            memcpy(h, buffer + at, 16);
            if (h[2] > BLOCK) return 1;
            if (have - at - 16 < h[2]) break;
            frame(buffer + at + 16, h[2], h[0] * 1000000ull + h[1]);
            at += 16 + h[2];
        }
        memmove(buffer, buffer + at, have - at);
        have -= at; at = 0;
    }
    printf("%lu packets, %lu IP packets, %lu octets, %lu flows\n", packets, ip_packets, octets, flows);
    return 0;
}
