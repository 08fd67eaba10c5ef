/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/recorded.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

void recorded_init(Recorded *recorded, const char *name) {
        assert_int_equal(tree_copy(name, &recorded->tree), 0);
        assert_int_equal(root_open(recorded->tree, &recorded->root), 0);
}

void recorded_done(Recorded *recorded) {
        recorded->root = root_close(recorded->root);
        recorded->tree = tree_remove(recorded->tree);
}

void recorded_put(const Recorded *recorded, const char *path, const char *text) {
        assert_int_equal(tree_write(recorded->tree, path, text), 0);
}
