/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/window.h"

/* Points closer together than this part of the window are one. */
#define PARTS 48

void window_init(Window *window, usec_t length_usec) {
        *window = (Window){.length_usec = length_usec};
}

void window_clear(Window *window) {
        window->n = 0;
}

static void drop_first(Window *window, size_t n) {
        window->n -= n;
        memmove(window->points, window->points + n, window->n * sizeof(WindowPoint));
}

/* All but one of those that lie before the window. */
static void forget(Window *window, usec_t at_usec) {
        size_t n = 0;

        while (n + 1 < window->n && window->points[n + 1].at_usec + window->length_usec <= at_usec)
                n++;
        if (window->n - n == WINDOW_POINTS)
                n++;
        drop_first(window, n);
}

void window_add(Window *window, usec_t at_usec, usec_t total) {
        const WindowPoint *last = window->n > 0 ? &window->points[window->n - 1] : NULL;

        if (last && total < last->total)
                window_clear(window);
        /* The latest point is always the latest reading; the one before it stands or gives way. */
        if (window->n > 1 &&
            window->points[window->n - 1].at_usec - window->points[window->n - 2].at_usec <
                    window->length_usec / PARTS)
                window->n--;
        forget(window, at_usec);
        window->points[window->n++] = (WindowPoint){.at_usec = at_usec, .total = total};
}

/* The total at a time between two points. */
static usec_t total_between(const WindowPoint *a, const WindowPoint *b, usec_t at_usec) {
        unsigned __int128 part = (unsigned __int128) (b->total - a->total) * (at_usec - a->at_usec);

        return a->total + (usec_t) (part / (b->at_usec - a->at_usec));
}

usec_t window_stalled(const Window *window) {
        if (window->n < 2)
                return 0;
        const WindowPoint *first = window->points, *last = &window->points[window->n - 1];
        usec_t begin_usec =
                last->at_usec > window->length_usec ? last->at_usec - window->length_usec : 0;

        if (first->at_usec >= begin_usec)
                return last->total - first->total;
        return last->total - total_between(first, first + 1, begin_usec);
}
