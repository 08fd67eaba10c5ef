/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Counts up with any change of what is in the file. */
static const char magic[8] = "memctl1";

typedef struct RingFile {
        char magic[8];
        uint32_t entry_bytes;
        uint32_t n_entries;
        char boot_id[BOOT_ID_MAX];
        char scope[RING_SCOPE_MAX];
        uint64_t n_added; /* so far; the next goes to n_added % RING_ENTRIES */
        RingEntry entries[RING_ENTRIES];
} RingFile;

struct Ring {
        RingFile *file; /* mapped */
        size_t n;
};

/* FNV-1a: tells a torn entry from a whole one; nobody but root can write the file. */
static uint32_t check_of(const RingEntry *entry) {
        const unsigned char *bytes = (const unsigned char *) entry;
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < offsetof(RingEntry, check); i++)
                hash = (hash ^ bytes[i]) * 16777619u;
        return hash;
}

static RingEntry *entry_of(const Ring *ring, size_t i) {
        return &ring->file->entries[(ring->file->n_added - 1 - i) % RING_ENTRIES];
}

/* How many of the newest are whole, and in order. */
static size_t count_whole(const Ring *ring) {
        size_t n_most = (size_t) MIN_OF(ring->file->n_added, (uint64_t) RING_ENTRIES);

        for (size_t i = 0; i < n_most; i++) {
                const RingEntry *entry = entry_of(ring, i);
                if (entry->check != check_of(entry) ||
                    (i > 0 && entry->sample.at_usec >= entry_of(ring, i - 1)->sample.at_usec))
                        return i;
        }
        return n_most;
}

static bool is_ours(const RingFile *file, const char *scope, const char *boot_id) {
        return memcmp(file->magic, magic, sizeof(magic)) == 0 &&
               file->entry_bytes == sizeof(RingEntry) && file->n_entries == RING_ENTRIES &&
               strncmp(file->boot_id, boot_id, sizeof(file->boot_id)) == 0 &&
               strncmp(file->scope, scope, sizeof(file->scope)) == 0;
}

static void begin(RingFile *file, const char *scope, const char *boot_id) {
        memset(file, 0, sizeof(*file));
        file->entry_bytes = sizeof(RingEntry);
        file->n_entries = RING_ENTRIES;
        (void) snprintf(file->boot_id, sizeof(file->boot_id), "%s", boot_id);
        (void) snprintf(file->scope, sizeof(file->scope), "%s", scope);
        memcpy(file->magic, magic, sizeof(magic));
}

/* All its memory is there from now on: a full tmpfs must not be a SIGBUS at a write. */
static int map_file(int dir_fd, const char *name, RingFile **ret) {
        _cleanup_(closep) int fd =
                openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat stat;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &stat) < 0)
                return -errno;
        if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid())
                return -EPERM;
        if ((size_t) stat.st_size != sizeof(RingFile) &&
            (ftruncate(fd, 0) < 0 || ftruncate(fd, sizeof(RingFile)) < 0))
                return -errno;
        int r = posix_fallocate(fd, 0, sizeof(RingFile));
        if (r != 0)
                return -r;
        void *map = mmap(NULL, sizeof(RingFile), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
                return -errno;
        *ret = map;
        return 0;
}

static int map_memory(RingFile **ret) {
        void *map = mmap(
                NULL, sizeof(RingFile), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED)
                return -ENOMEM;
        *ret = map;
        return 0;
}

int ring_open(int dir_fd,
              const char *file,
              const char *scope,
              const char boot_id[static BOOT_ID_MAX],
              Ring **ret,
              int *ret_error) {
        _cleanup_(freep) Ring *ring = calloc(1, sizeof(*ring));

        if (!ring)
                return -ENOMEM;
        int error = dir_fd < 0 ? 0 : map_file(dir_fd, file, &ring->file);
        if (!ring->file && map_memory(&ring->file) < 0)
                return -ENOMEM;
        if (is_ours(ring->file, scope, boot_id))
                ring->n = count_whole(ring);
        else
                begin(ring->file, scope, boot_id);
        *ret_error = error;
        *ret = TAKE_PTR(ring);
        return 0;
}

Ring *ring_close(Ring *ring) {
        if (!ring)
                return NULL;
        (void) munmap(ring->file, sizeof(RingFile));
        free(ring);
        return NULL;
}

void ring_add(Ring *ring, const Sample *sample, uint64_t setting, bool settling) {
        RingEntry *entry = &ring->file->entries[ring->file->n_added % RING_ENTRIES];

        memset(entry, 0, sizeof(*entry)); /* padding too, for the check */
        entry->sample = *sample;
        entry->setting = setting;
        entry->settling = settling;
        entry->check = check_of(entry);
        ring->file->n_added++;
        ring->n = MIN_OF(ring->n + 1, (size_t) RING_ENTRIES);
}

size_t ring_count(const Ring *ring) {
        return ring->n;
}

const RingEntry *ring_at(const Ring *ring, size_t i) {
        return entry_of(ring, i);
}
