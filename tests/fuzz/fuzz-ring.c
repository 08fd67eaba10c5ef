/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A file of samples with some of its bytes replaced, or cut: what is taken from it are whole
 * samples in order. Each three bytes say where (16 bits) and what; the first two how long the file
 * is, 0 for as long as it should be.
 */

#include "tests/fuzz/fuzz.h"

#include "daemon/ring.h"

#define FILE_NAME "samples"

static const char boot_id[BOOT_ID_MAX] = "00000000-0000-4000-8000-000000000001";

static Ring *open_ring(void) {
        Ring *ring = NULL;
        int error = 0;

        check(ring_open(fuzz_folder(), FILE_NAME, "system", boot_id, &ring, &error) >= 0);
        check(ring && error == 0);
        return ring;
}

static void check_ring(const Ring *ring) {
        check(ring_count(ring) <= RING_ENTRIES);
        for (size_t i = 1; i < ring_count(ring); i++)
                check(ring_at(ring, i)->sample.at_usec < ring_at(ring, i - 1)->sample.at_usec);
}

static void damage(const uint8_t *data, size_t size) {
        _cleanup_(closep) int fd = openat(fuzz_folder(), FILE_NAME, O_RDWR | O_CLOEXEC);
        struct stat st;

        check(fd >= 0 && fstat(fd, &st) >= 0);
        for (size_t i = 2; i + 3 <= size; i += 3) {
                off_t at = data[i] + 256 * (off_t) data[i + 1];
                check(pwrite(fd, &data[i + 2], 1, at % st.st_size) == 1);
        }
        size_t length = size >= 2 ? data[0] + 256 * (size_t) data[1] : 0;
        if (length > 0)
                check(ftruncate(fd, (off_t) length) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        (void) unlinkat(fuzz_folder(), FILE_NAME, 0);
        _cleanup_(ring_closep) Ring *ring = open_ring();
        for (usec_t i = 1; i <= 20; i++)
                ring_add(ring, &(Sample){.at_usec = i * USEC_PER_SEC}, i, false);
        ring = ring_close(ring);
        damage(data, size);
        ring = open_ring();
        check_ring(ring);
        size_t n = ring_count(ring);
        usec_t last = n > 0 ? ring_at(ring, 0)->sample.at_usec : 0;
        ring_add(ring, &(Sample){.at_usec = last + 1}, 5, true);
        check(ring_count(ring) == MIN_OF(n + 1, (size_t) RING_ENTRIES));
        check(ring_at(ring, 0)->sample.at_usec == last + 1 && ring_at(ring, 0)->setting == 5);
        ring = ring_close(ring);
        ring = open_ring();
        check_ring(ring);
        check(ring_count(ring) == MIN_OF(n + 1, (size_t) RING_ENTRIES));
        return 0;
}
