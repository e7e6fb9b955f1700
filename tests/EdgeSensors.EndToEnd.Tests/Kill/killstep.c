/*
 * Ends a program with SIGKILL before the n-th thing that it does to a disk or a connection (LD_PRELOAD). The page is a
 * file that the test maps too: it arms the counter and reads what the step was that the program did not come to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct page {
    atomic_int process;  /* who is to be ended: the first that maps the page, not what it starts */
    atomic_int armed;    /* steps left; not above 0 when not armed */
    char last[256];      /* the step at which it was ended */
};

static struct page *page;

__attribute__((constructor)) static void map_page(void)
{
    const char *path = getenv("KILLSTEP_PAGE");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return;
    }

    void *mapped = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) {
        page = mapped;
        int nobody = 0;
        atomic_compare_exchange_strong(&page->process, &nobody, getpid());
    }
}

static void step(const char *what, const char *where)
{
    if (page == NULL) {
        return;
    }

    if (atomic_load(&page->armed) > 0 && atomic_fetch_sub(&page->armed, 1) == 1) {
        snprintf(page->last, sizeof page->last, "%s %s", what, where);
        kill(atomic_load(&page->process), SIGKILL);

        /* What it had started goes on, as it would. */
        while (getpid() == atomic_load(&page->process)) {
            pause();
        }
    }
}

/* Pipes are what a program says, which is no step. */
static void step_at(const char *what, int file)
{
    struct stat status;
    char link[64], path[200];
    if (page == NULL || fstat(file, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISDIR(status.st_mode))) {
        return;
    }

    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    step(what, path);
}

#define NEXT(name) static __typeof__(name) *next; if (next == NULL) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *octets, size_t count) { NEXT(write); step_at("write", file); return next(file, octets, count); }
ssize_t pwrite(int file, const void *octets, size_t count, off_t at) { NEXT(pwrite); step_at("write", file); return next(file, octets, count, at); }
ssize_t pwrite64(int file, const void *octets, size_t count, off64_t at) { NEXT(pwrite64); step_at("write", file); return next(file, octets, count, at); }
int ftruncate(int file, off_t length) { NEXT(ftruncate); step_at("truncate", file); return next(file, length); }
int ftruncate64(int file, off64_t length) { NEXT(ftruncate64); step_at("truncate", file); return next(file, length); }
int fsync(int file) { NEXT(fsync); step_at("sync", file); return next(file); }
int fdatasync(int file) { NEXT(fdatasync); step_at("sync", file); return next(file); }
int rename(const char *from, const char *to) { NEXT(rename); step("rename to", to); return next(from, to); }
int unlink(const char *path) { NEXT(unlink); step("delete", path); return next(path); }
int mkdir(const char *path, mode_t mode) { NEXT(mkdir); step("make", path); return next(path, mode); }
ssize_t send(int socket, const void *octets, size_t count, int flags) { NEXT(send); step_at("send", socket); return next(socket, octets, count, flags); }
ssize_t sendmsg(int socket, const struct msghdr *message, int flags) { NEXT(sendmsg); step_at("send", socket); return next(socket, message, flags); }
