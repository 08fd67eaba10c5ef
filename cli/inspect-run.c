/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

#include "cli/inspect.h"

/* Between the two readings of one look: short enough to wait for, and no shorter than pressure may
 * be read (see core/machine/sample.h). */
#define LOOK_USEC USEC_PER_SEC
#define WATCH_USEC (2 * USEC_PER_SEC)
#define ROWS 20

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
        interrupted = 1;
}

static usec_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* Until it is over or somebody pressed Ctrl-C. */
static void wait_for(usec_t usec) {
        const struct timespec time = {.tv_sec = (time_t) (usec / USEC_PER_SEC),
                                      .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000};

        if (!interrupted)
                (void) nanosleep(&time, NULL);
}

static ExitCode read_now(const Machine *machine, unsigned parts, Inspection *ret) {
        int r = inspection_read(machine->root, &machine->facts, parts, now_usec(), ret);
        return r < 0 ? print_errno(r, "proc/meminfo") : EXIT_CODE_DONE;
}

static ExitCode read_view(const Machine *machine, const InspectView *view, Inspection *ret) {
        ExitCode code = read_now(machine, view->parts, ret);

        if (code != EXIT_CODE_DONE || (ret->parts & view->needed) == view->needed)
                return code;
        inspection_done(ret);
        print_error("what %s is worked out from is not there, or makes no sense", view->name);
        return EXIT_CODE_FAILED;
}

static Inspect look_of(const Machine *machine, const Inspection *before, Inspection *now) {
        return (Inspect){
                .machine = machine,
                .before = before,
                .now = now,
                .rows = arg_lines != UINT64_MAX ? arg_lines
                        : arg_all               ? UINT64_MAX
                                                : ROWS,
        };
}

/* The overview has its findings in front. */
static void print_view(const InspectView *view, const Inspect *inspect) {
        _cleanup_(findings_done) Findings findings = {0};

        view->print(inspect);
        if (!view->name)
                return;
        findings_judge(inspect->before, inspect->now, &findings);
        if (findings.n > 0)
                (void) putchar('\n');
        inspect_print_findings(&findings);
}

static ExitCode show(const InspectView *view, const Inspect *inspect) {
        if (print_is_json())
                return print_json(view->json(inspect));
        print_view(view, inspect);
        return EXIT_CODE_DONE;
}

static ExitCode look_once(const Machine *machine, const InspectView *view) {
        _cleanup_(inspection_done) Inspection before = {0}, now = {0};
        bool live = root_is_live(machine->root);
        /* A recorded tree stands still, unless somebody who says how long to wait knows better. */
        bool twice = view->parts & INSPECTION_MOVING && (live || arg_interval > 0);
        ExitCode code = EXIT_CODE_DONE;

        if (twice) {
                code = read_now(machine, view->parts & INSPECTION_MOVING, &before);
                wait_for(arg_interval > 0 ? arg_interval : LOOK_USEC);
        }
        if (code == EXIT_CODE_DONE)
                code = read_view(machine, view, &now);
        if (code != EXIT_CODE_DONE)
                return code;
        const Inspect inspect = look_of(machine, twice ? &before : NULL, &now);
        code = show(view, &inspect);
        if (!twice && view->parts & INSPECTION_ACTIVITY && !print_is_json())
                print_note("What happens now is not known: a recorded machine was read once.");
        return code;
}

/* On a terminal each frame takes the place of the last: what does not fit is cut off below. */
static void draw(const char *text) {
        struct winsize size = {0};
        unsigned rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1
                                ? size.ws_row - 1u
                                : 24;

        (void) fputs("\033[H", stdout);
        for (unsigned row = 0; row < rows && *text; row++) {
                size_t n = strcspn(text, "\n");
                (void) printf("%.*s\033[K\n", (int) n, text);
                text += n + (text[n] == '\n');
        }
        (void) printf("%s\033[J", style_end(STYLE_BOLD));
        (void) fflush(stdout);
}

/* Prints into a text first, so that the screen never shows half of a frame. */
static ExitCode draw_frame(const InspectView *view, const Inspect *inspect) {
        FILE *terminal = stdout;
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        FILE *frame = open_memstream(&text, &size);
        if (!frame)
                return print_errno(-ENOMEM, "frame");
        stdout = frame;
        print_view(view, inspect);
        stdout = terminal;
        if (fclose(frame) != 0)
                return print_errno(-ENOMEM, "frame");
        draw(text);
        return EXIT_CODE_DONE;
}

static ExitCode show_frame(const InspectView *view, const Inspect *inspect, size_t number) {
        if (print_is_json())
                return print_json_line(view->json(inspect));
        if (print_is_live())
                return draw_frame(view, inspect);
        if (number > 0)
                (void) putchar('\n');
        print_view(view, inspect);
        (void) fflush(stdout);
        return EXIT_CODE_DONE;
}

/* Each frame tells what happened since the one before; the first has a short time to tell of. */
static ExitCode watch_loop(const Machine *machine, const InspectView *view) {
        usec_t interval = arg_interval > 0 ? arg_interval : WATCH_USEC;
        _cleanup_(inspection_done) Inspection before = {0};
        ExitCode code = read_now(machine, view->parts & INSPECTION_MOVING, &before);

        wait_for(MIN_OF(interval, LOOK_USEC));
        for (size_t number = 0; code == EXIT_CODE_DONE && !interrupted && !ferror(stdout);
             number++) {
                Inspection now = {0};
                if (number > 0)
                        wait_for(interval);
                if (interrupted)
                        break;
                code = read_view(machine, view, &now);
                if (code != EXIT_CODE_DONE)
                        break;
                const Inspect inspect = look_of(machine, &before, &now);
                code = show_frame(view, &inspect, number);
                inspection_done(&before);
                before = now;
        }
        return code;
}

static ExitCode watch(const Machine *machine, const InspectView *view) {
        const struct sigaction interrupt = {.sa_handler = on_interrupt};
        struct sigaction before;

        (void) sigaction(SIGINT, &interrupt, &before);
        if (print_is_live())
                (void) fputs("\033[2J", stdout);
        ExitCode code = watch_loop(machine, view);
        (void) sigaction(SIGINT, &before, NULL);
        return code;
}

ExitCode inspect_run(const Machine *machine, const InspectView *view) {
        return arg_watch ? watch(machine, view) : look_once(machine, view);
}
