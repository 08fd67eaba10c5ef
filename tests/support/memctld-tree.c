/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memctld on a copied tree whose files take writes as the kernel does: "memctld-tree --root TREE".
 */

#include "daemon/memctld.h"
#include "tests/support/fake-kernel.h"

int main(int argc, char **argv) {
        return memctld_run(argc, argv, fake_kernel_write);
}
