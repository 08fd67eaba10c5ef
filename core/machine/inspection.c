/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/inspection.h"

static int read_zones(const Root *root, Inspection *inspection) {
        int r = zones_read(root, &inspection->zones);
        return r < 0 ? r : buddy_read(root, &inspection->buddy);
}

static int read_vmstat(const Root *root, Inspection *inspection, Figures *ret) {
        int r = figures_read(root, "proc/vmstat", ret);
        if (r >= 0)
                activity_count(ret, inspection->at_usec, &inspection->activity);
        return r;
}

static int read_writeback(const Root *root, const Figures *vmstat, Inspection *inspection) {
        if (figures_get(vmstat, "nr_dirty") < 0 ||
            !dirty_knobs_read(root, &inspection->dirty_knobs))
                return -ENODATA;
        writeback_compute(vmstat,
                          &inspection->meminfo,
                          &inspection->zones,
                          &inspection->dirty_knobs,
                          inspection->facts->context.page_bytes,
                          &inspection->writeback);
        return 0;
}

static int read_huge(const Root *root, Inspection *inspection) {
        int r = hugepools_read(root, &inspection->pools);
        return r < 0 ? r : thp_read(root, &inspection->meminfo, &inspection->thp);
}

static int read_slab(const Root *root, Inspection *inspection) {
        int r = slab_read(root, inspection->facts->context.page_bytes, &inspection->slab);
        inspection->slab_error = r < 0 ? r : 0;
        return r;
}

/* One part; what it needs of others has been read before it. */
static int
read_part(const Root *root, InspectionPart part, Figures *vmstat, Inspection *inspection) {
        switch (part) {
        case INSPECTION_ZONES:
                return read_zones(root, inspection);
        case INSPECTION_ACTIVITY:
                return read_vmstat(root, inspection, vmstat);
        case INSPECTION_PRESSURE:
                return pressure_read(root, inspection->at_usec, &inspection->pressure) ? 0
                                                                                       : -ENOENT;
        case INSPECTION_WRITEBACK:
                return read_writeback(root, vmstat, inspection);
        case INSPECTION_OVERCOMMIT:
                return overcommit_read(root,
                                       &inspection->meminfo,
                                       inspection->facts->context.page_bytes,
                                       &inspection->overcommit);
        case INSPECTION_HUGE:
                return read_huge(root, inspection);
        case INSPECTION_SLAB:
                return read_slab(root, inspection);
        case INSPECTION_CGROUPS:
                return cgroups_read(root, false, &inspection->cgroups);
        case INSPECTION_ALL_CGROUPS:
                return cgroups_read(root, true, &inspection->cgroups);
        case INSPECTION_PROCESSES:
                return processes_read(root, &inspection->processes);
        case INSPECTION_MOVING:
                break;
        }
        return -EINVAL;
}

/* Adds what a part is worked out from, and takes out what is in another. */
static unsigned complete_parts(unsigned parts) {
        if (parts & INSPECTION_WRITEBACK)
                parts |= INSPECTION_ZONES | INSPECTION_ACTIVITY;
        if (parts & INSPECTION_ALL_CGROUPS)
                parts &= ~(unsigned) INSPECTION_CGROUPS;
        return parts;
}

int inspection_read(
        const Root *root, const Facts *facts, unsigned parts, usec_t at_usec, Inspection *ret) {
        _cleanup_(inspection_done) Inspection inspection = {.facts = facts, .at_usec = at_usec};
        _cleanup_(figures_done) Figures vmstat = {0};

        int r = figures_read(root, "proc/meminfo", &inspection.meminfo);
        if (r >= 0)
                r = swaps_read(root, &inspection.swaps);
        if (r < 0)
                return r;
        inspection.min_free = figure_read(root, "proc/sys/vm/min_free_kbytes");
        if (inspection.min_free > 0)
                inspection.min_free = MIN_OF(inspection.min_free, FIGURE_MAX / 1024) * 1024;
        activity_count(&vmstat, at_usec, &inspection.activity); /* nothing is known yet */
        parts = complete_parts(parts);
        for (unsigned part = 1; part <= parts; part <<= 1) {
                if (!(parts & part))
                        continue;
                r = read_part(root, (InspectionPart) part, &vmstat, &inspection);
                if (r == -ENOMEM)
                        return r;
                if (r >= 0)
                        inspection.parts |= part;
        }
        *ret = inspection;
        inspection = (Inspection){0};
        return 0;
}

void inspection_done(Inspection *inspection) {
        figures_done(&inspection->meminfo);
        swaps_done(&inspection->swaps);
        zones_done(&inspection->zones);
        buddy_done(&inspection->buddy);
        hugepools_done(&inspection->pools);
        thp_done(&inspection->thp);
        slab_done(&inspection->slab);
        cgroups_done(&inspection->cgroups);
        processes_done(&inspection->processes);
        *inspection = (Inspection){0};
}

int64_t inspection_bytes(const Inspection *inspection, const char *name) {
        return figures_get_or_0(&inspection->meminfo, name);
}

int inspection_stalled(const Inspection *before, const Inspection *now, Metric metric) {
        if (!before || !(before->parts & now->parts & INSPECTION_PRESSURE) ||
            now->at_usec <= before->at_usec)
                return -1;
        return pressure_since(&before->pressure.lines[metric],
                              &now->pressure.lines[metric],
                              now->at_usec - before->at_usec);
}
