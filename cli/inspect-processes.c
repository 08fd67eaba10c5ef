/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"

static void add_size(Table *table, Style style, int64_t bytes) {
        table_add_text(table, style, size_text(bytes).text);
}

static void print_top(const Inspect *inspect, ProcessOrder order) {
        static const char *const headings[] = {
                "PID", "RESIDENT", "ANON", "FILE", "SHARED", "SWAP", "PSS", "NAME", NULL};
        Processes *processes = &inspect->now->processes;
        _cleanup_(table_done) Table table = {0};

        processes_sort(processes, order);
        table_init(&table, headings);
        table.right = 0x7f;
        for (size_t i = 0; i < processes->n && i < inspect->rows; i++) {
                Process *process = &processes->items[i];
                if (order == PROCESS_BY_SWAP && process->swap <= 0)
                        break;
                process_read_pss(inspect->machine->root, process);
                table_add_text(&table, STYLE_PLAIN, count_text(process->pid).text);
                add_size(&table, order == PROCESS_BY_RSS ? STYLE_BOLD : STYLE_PLAIN, process->rss);
                add_size(&table, STYLE_PLAIN, process->anon);
                add_size(&table, STYLE_PLAIN, process->file);
                add_size(&table, STYLE_PLAIN, process->shmem);
                add_size(
                        &table, order == PROCESS_BY_SWAP ? STYLE_BOLD : STYLE_PLAIN, process->swap);
                add_size(&table, STYLE_PLAIN, process->pss);
                table_add_text(&table, STYLE_PLAIN, process->comm);
        }
        if (table_rows(&table) > 0)
                (void) table_print(&table);
}

static bool any_swapped(const Processes *processes) {
        for (size_t i = 0; i < processes->n; i++)
                if (processes->items[i].swap > 0)
                        return true;
        return false;
}

void inspect_print_processes(const Inspect *inspect) {
        const Processes *processes = &inspect->now->processes;

        if (processes->n == 0) {
                (void) puts("No process is recorded here.");
                return;
        }
        print_top(inspect, PROCESS_BY_RSS);
        if (any_swapped(processes)) {
                print_styled(STYLE_BOLD, "\nSwapped out\n");
                print_top(inspect, PROCESS_BY_SWAP);
        }
        if (processes->n > inspect->rows)
                print_note("%zu processes in all: --all shows them", processes->n);
}

json_object *inspect_json_processes(const Inspect *inspect) {
        json_object *array = json_object_new_array();
        Processes *processes = &inspect->now->processes;

        processes_sort(processes, PROCESS_BY_RSS);
        for (size_t i = 0; i < processes->n; i++) {
                Process *process = &processes->items[i];
                json_object *object = json_object_new_object();
                /* A walk through its page tables: of the largest alone. */
                if (i < inspect->rows)
                        process_read_pss(inspect->machine->root, process);
                json_add_known(object, "pid", process->pid);
                json_add(object, "name", json_text_of_bytes(process->comm));
                json_add_known(object, "uid", process->uid);
                json_add_known(object, "rss-bytes", process->rss);
                json_add_known(object, "anon-bytes", process->anon);
                json_add_known(object, "file-bytes", process->file);
                json_add_known(object, "shmem-bytes", process->shmem);
                json_add_known(object, "swap-bytes", process->swap);
                json_add_known(object, "locked-bytes", process->locked);
                json_add_known(object, "hugetlb-bytes", process->hugetlb);
                json_add_known(object, "page-tables-bytes", process->page_tables);
                json_add_known(object, "pss-bytes", process->pss);
                json_object_array_add(array, object);
        }
        return array;
}
