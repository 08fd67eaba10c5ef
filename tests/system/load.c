/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Steady loads that a change of a knob makes wait, for the system tests. CGROUP is one of version 1
 * that is too small for the load.
 *
 *     load write FILE             bursts of buffered writes over 64 MiB of a file, and rests
 *     load touch MIB RATE CGROUP  walks through so much memory, so many pages a second
 *     load sparse MIB CGROUP      takes so much memory, uses one page in each 2 MiB of it, gives
 *                                 it back, and rests: with huge pages all of it is used
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define CHUNK ((size_t) 64 * 1024)
#define FILE_CHUNKS 1024
#define PAGE ((size_t) 4096)
#define TICKS_PER_SEC 50
#define HUGE_PAGE ((size_t) 2 << 20)

static void rest(long msec) {
        const struct timespec time = {.tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000};

        (void) nanosleep(&time, NULL);
}

static int run_write(const char *file) {
        static const unsigned bursts[] = {4, 8, 16, 4, 4, 8, 16, 16, 8};
        static char chunk[CHUNK];
        unsigned at = 0, i = 0;
        int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
                return EXIT_FAILURE;
        for (;;) {
                for (unsigned n = bursts[i++ % (sizeof(bursts) / sizeof(bursts[0]))]; n > 0; n--) {
                        if (pwrite(fd, chunk, CHUNK, (off_t) (at * CHUNK)) < 0)
                                return EXIT_FAILURE;
                        at = (at + 1) % FILE_CHUNKS;
                }
                rest(100);
        }
}

static int enter(const char *cgroup) {
        char path[512];

        (void) snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
        FILE *file = fopen(path, "we");
        if (!file)
                return -1;
        (void) fputs("0", file);
        return fclose(file);
}

static int run_touch(size_t mib, long rate, const char *cgroup) {
        size_t size = mib << 20, at = 0;

        if (enter(cgroup) < 0)
                return EXIT_FAILURE;
        char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
                return EXIT_FAILURE;
        (void) madvise(memory, size, MADV_NOHUGEPAGE);
        /* What cannot be compressed, or zswap would do all the work. */
        for (size_t i = 0; i < size; i += sizeof(int)) {
                int value = rand();
                memcpy(memory + i, &value, sizeof(value));
        }
        for (;;) {
                for (long n = rate / TICKS_PER_SEC; n > 0; n--) {
                        memory[at]++;
                        at = (at + PAGE) % size;
                }
                rest(1000 / TICKS_PER_SEC);
        }
}

static int use_a_page_in_each(size_t size) {
        char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                return -1;
        for (size_t at = 0; at < size; at += HUGE_PAGE)
                memory[at] = 1;
        return munmap(memory, size);
}

static int run_sparse(size_t mib, const char *cgroup) {
        if (enter(cgroup) < 0)
                return EXIT_FAILURE;
        for (;;) {
                if (use_a_page_in_each(mib << 20) < 0)
                        return EXIT_FAILURE;
                rest(50);
        }
}

int main(int argc, char **argv) {
        if (argc == 3 && strcmp(argv[1], "write") == 0)
                return run_write(argv[2]);
        if (argc == 5 && strcmp(argv[1], "touch") == 0)
                return run_touch((size_t) atol(argv[2]), atol(argv[3]), argv[4]);
        if (argc == 4 && strcmp(argv[1], "sparse") == 0)
                return run_sparse((size_t) atol(argv[2]), argv[3]);
        (void) fputs("load write FILE | load touch MIB RATE CGROUP | load sparse MIB CGROUP\n",
                     stderr);
        return 2;
}
