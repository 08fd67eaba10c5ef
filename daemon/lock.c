/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/lock.h"

#include <malloc.h>
#include <sys/mman.h>

/* Several times what the deepest path takes: a sample has a buffer of 16 KiB, a verdict two. */
#define STACK_BYTES ((size_t) 256 * 1024)
/* For events and answers after a revert, without a page more from the kernel. */
#define HEAP_BYTES ((size_t) 512 * 1024)
/* What is larger is a mapping of its own, and given back when it is freed. */
#define BLOCK_BYTES ((size_t) 128 * 1024)
#define PIECE_BYTES (BLOCK_BYTES / 2)

static __attribute__((noinline)) void touch_stack(void) {
        volatile char stack[STACK_BYTES];

        for (size_t i = 0; i < sizeof(stack); i += 1024)
                stack[i] = 0;
}

void lock_bound_heap(void) {
        (void) mallopt(M_MMAP_THRESHOLD, (int) BLOCK_BYTES);
        (void) mallopt(M_TRIM_THRESHOLD, (int) (2 * HEAP_BYTES));
}

/* Above what is in use; as little as it is, it is not given back when it is free. */
static void reserve_heap(void) {
        char *pieces[HEAP_BYTES / PIECE_BYTES];

        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                volatile char *piece = pieces[i] = malloc(PIECE_BYTES);
                for (size_t k = 0; piece && k < PIECE_BYTES; k += 1024)
                        piece[k] = 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++)
                free(pieces[i]);
}

static int on_nothing(sd_event_source *source, void *userdata) {
        return 0;
}

int lock_reserve_loop(sd_event *event) {
        sd_event_source *sources[LOCK_SOURCES] = {NULL};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < LOCK_SOURCES; i++)
                r = sd_event_add_defer(event, &sources[i], on_nothing, NULL);
        if (r >= 0)
                r = sd_event_run(event, 0);
        for (size_t i = 0; i < LOCK_SOURCES; i++)
                (void) sd_event_source_disable_unref(sources[i]);
        return r < 0 ? r : 0;
}

int lock_memory(void) {
        touch_stack();
        reserve_heap();
        if (mlockall(MCL_CURRENT) < 0 || mlockall(MCL_FUTURE | MCL_ONFAULT) < 0)
                return -errno;
        return 0;
}
