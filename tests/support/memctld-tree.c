/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memctld on a copied tree whose files take writes as the kernel does: "memctld-tree --root TREE".
 */

#include <dlfcn.h>

#include "daemon/memctld.h"
#include "tests/support/fake-kernel.h"

typedef struct Taking {
        const Root *root;
        const char *path;
        int fd;
        const char *data;
        size_t size;
} Taking;

typedef ssize_t (*Fault)(const char *path, size_t size, ssize_t (*take)(void *), void *data);

static ssize_t take(void *data) {
        const Taking *taking = data;
        return fake_kernel_write(
                taking->root, taking->path, taking->fd, taking->data, taking->size);
}

/* tests/fault/fault-preload.c may have a say: for it a knob takes one call, as from a kernel. */
static ssize_t
write_knob_file(const Root *root, const char *path, int fd, const char *data, size_t size) {
        static Fault fault;
        static bool searched;
        Taking taking = {root, path, fd, data, size};

        if (!searched)
                fault = (Fault) dlsym(RTLD_DEFAULT, "memctl_fault_knob");
        searched = true;
        return fault ? fault(path, size, take, &taking) : take(&taking);
}

int main(int argc, char **argv) {
        return memctld_run(argc, argv, write_knob_file);
}
