/* The live yardstick: what a plain C loop costs to walk a TPACKET_V3 ring and do with each packet what meter.c does. No timeouts, no export.
 * `cc -O3 -march=native -o ring ring.c && ./ring INTERFACE`. Needs CAP_NET_RAW. Ends a second after the last packet. */
#define main meter_file
#include "meter.c"
#undef main
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { RING_BLOCK = 512 << 10, RING_BLOCKS = 64, SNAP = 96, SILENT_MS = 1000 };

static double cpu_us(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    int version = TPACKET_V3, s = socket(AF_PACKET, SOCK_RAW, 0);
    struct sock_filter keep[] = { { BPF_RET | BPF_K, 0, 0, SNAP } };
    struct sock_fprog filter = { 1, keep };
    struct tpacket_req3 ring = { RING_BLOCK, RING_BLOCKS, 2048, RING_BLOCK / 2048 * RING_BLOCKS, 50, 0, 0 };
    struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = argc > 1 ? if_nametoindex(argv[1]) : 0 };
    if (s < 0 || !to.sll_ifindex || setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)
        || setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof version) || setsockopt(s, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring)) {
        perror("ring");
        return 1;
    }
    uint8_t *memory = mmap(0, (size_t)RING_BLOCK * RING_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
    if (memory == MAP_FAILED || bind(s, (struct sockaddr *)&to, sizeof to)) { perror("ring"); return 1; }
    grow();

    double cpu = 0, begun = 0, last = 0;
    for (unsigned block = 0;;) {
        struct tpacket_block_desc *b = (struct tpacket_block_desc *)(memory + (size_t)block * RING_BLOCK);
        if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
            struct pollfd p = { s, POLLIN | POLLERR, 0 };
            poll(&p, 1, 100);
            if (packets && now_s() - last > SILENT_MS / 1000.0) break;
            continue;
        }
        if (!packets) { cpu = cpu_us(); begun = now_s(); }
        struct tpacket3_hdr *h = (struct tpacket3_hdr *)((uint8_t *)b + b->hdr.bh1.offset_to_first_pkt);
        for (unsigned i = b->hdr.bh1.num_pkts; i; i--, h = (struct tpacket3_hdr *)((uint8_t *)h + h->tp_next_offset))
            frame((uint8_t *)h + h->tp_mac, h->tp_snaplen, h->tp_sec * 1000000ull + h->tp_nsec / 1000);
        __atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        block = (block + 1) % RING_BLOCKS;
        last = now_s();
    }
    struct tpacket_stats_v3 counted;
    socklen_t size = sizeof counted;
    getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &counted, &size);
    printf("%.3f us CPU/packet, %lu packets, %u dropped, %.3f million packets/s, %lu flows\n", (cpu_us() - cpu) / packets, packets, counted.tp_drops,
        packets / (last - begun) / 1e6, flows);
    return 0;
}
