/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/value.h"

#include <ctype.h>

#include "core/base/quantity.h"

static const char *const kind_names[_VALUE_KIND_MAX] = {
        [VALUE_INTEGER] = "integer",
        [VALUE_BOOL] = "bool",
        [VALUE_CHOICE] = "choice",
        [VALUE_VECTOR] = "vector",
};

static const char *const unit_names[_VALUE_UNIT_MAX] = {
        [VALUE_UNIT_NONE] = "",
        [VALUE_UNIT_BYTES] = "bytes",
        [VALUE_UNIT_KIB] = "KiB",
        [VALUE_UNIT_PAGES] = "pages",
        [VALUE_UNIT_HUGEPAGES] = "huge pages",
        [VALUE_UNIT_PERCENT] = "%",
        [VALUE_UNIT_PERMYRIAD] = "1/10000",
        [VALUE_UNIT_CENTISECS] = "1/100 s",
        [VALUE_UNIT_MSEC] = "ms",
        [VALUE_UNIT_SEC] = "s",
};

const char *value_kind_to_string(ValueKind kind) {
        return kind >= 0 && kind < _VALUE_KIND_MAX ? kind_names[kind] : NULL;
}

ValueKind value_kind_from_string(const char *name) {
        for (int kind = 0; kind < _VALUE_KIND_MAX; kind++)
                if (streq(kind_names[kind], name))
                        return kind;
        return _VALUE_KIND_INVALID;
}

const char *value_unit_to_string(ValueUnit unit) {
        return unit >= 0 && unit < _VALUE_UNIT_MAX ? unit_names[unit] : NULL;
}

/* How many microseconds one count of a time unit is; 0 for other units. */
static usec_t unit_usec(ValueUnit unit) {
        if (unit == VALUE_UNIT_CENTISECS)
                return 10 * USEC_PER_MSEC;
        if (unit == VALUE_UNIT_MSEC)
                return USEC_PER_MSEC;
        if (unit == VALUE_UNIT_SEC)
                return USEC_PER_SEC;
        return 0;
}

/* From which count on a time reads better in other units: 500 ms does not, 60 s does. */
static uint64_t unit_readable(ValueUnit unit) {
        if (unit == VALUE_UNIT_CENTISECS)
                return 1;
        return unit == VALUE_UNIT_MSEC ? 1000 : 60;
}

static int number_from_duration(ValueUnit unit, const char *text, uint64_t *ret, char **ret_why) {
        usec_t usec = 0;

        int r = parse_duration(text, &usec);
        if (r < 0) {
                *ret_why = text_format("is \"%s\", not a number (in %s) or a time like 10s",
                                       text,
                                       value_unit_to_string(unit));
                return r;
        }
        if (usec % unit_usec(unit) != 0) {
                *ret_why = text_format(
                        "is %s, not a whole count of %s", text, value_unit_to_string(unit));
                return -EINVAL;
        }
        *ret = usec / unit_usec(unit);
        return 0;
}

static int number_from_size(ValueUnit unit, const char *text, uint64_t *ret, char **ret_why) {
        uint64_t bytes = 0;

        int r = parse_size(text, &bytes);
        if (r < 0) {
                *ret_why = text_format("is \"%s\", not a number (of %s) or a size like 64MiB",
                                       text,
                                       value_unit_to_string(unit));
                return r;
        }
        if (unit == VALUE_UNIT_KIB && bytes % 1024 != 0) {
                *ret_why = text_format("is %s, not a whole count of KiB", text);
                return -EINVAL;
        }
        *ret = unit == VALUE_UNIT_KIB ? bytes / 1024 : bytes;
        return 0;
}

static int number_from_share(ValueUnit unit, const char *text, uint64_t *ret, char **ret_why) {
        uint64_t ten_thousandths = 0;

        int r = parse_ratio(text, &ten_thousandths);
        if (r < 0 || (unit == VALUE_UNIT_PERCENT && ten_thousandths % 100 != 0)) {
                *ret_why = unit == VALUE_UNIT_PERCENT
                                   ? text_format("is \"%s\", not a whole number of percent", text)
                                   : text_format("is \"%s\", not a number (in 1/10000) or a share "
                                                 "like 0.5%%",
                                                 text);
                return r < 0 ? r : -EINVAL;
        }
        *ret = unit == VALUE_UNIT_PERCENT ? ten_thousandths / 100 : ten_thousandths;
        return 0;
}

/* One number with or without a unit. The unit decides which suffixes there are. */
static int number_parse(ValueUnit unit, const char *text, Integer *ret, char **ret_why) {
        uint64_t number = 0;
        Integer integer = {0};

        int r = integer_parse(text, &integer);
        if (r == 0) {
                *ret = integer;
                return 0;
        }
        if (r == -ERANGE) {
                *ret_why = text_format("is \"%s\", larger than any number the kernel takes", text);
                return r;
        }
        const char *digits = text + (text[0] == '-');
        if (digits[0] == '0' && strspn(digits, "0123456789") == strlen(digits)) {
                *ret_why = text_format(
                        "is \"%s\": a leading zero means octal to the kernel; write it without",
                        text);
                return -EINVAL;
        }
        if (unit_usec(unit) > 0)
                r = number_from_duration(unit, text, &number, ret_why);
        else if (unit == VALUE_UNIT_BYTES || unit == VALUE_UNIT_KIB)
                r = number_from_size(unit, text, &number, ret_why);
        else if (unit == VALUE_UNIT_PERCENT || unit == VALUE_UNIT_PERMYRIAD)
                r = number_from_share(unit, text, &number, ret_why);
        else {
                *ret_why = text_format("is \"%s\", not a number", text);
                r = -EINVAL;
        }
        if (r < 0)
                return r;
        *ret = INTEGER_OF(number);
        return 0;
}

/* To what is no number at all, which numbers there are. */
static void name_range(const ValueType *type, char **why) {
        _cleanup_(freep) char *range = value_type_format(type);
        char *said = *why && range ? text_format("%s; it takes %s", *why, range) : NULL;

        if (said) {
                free(*why);
                *why = said;
        }
}

static int check_range(const ValueType *type, Integer integer, char **ret_why) {
        char number[22], bound[22], last[22];
        const char *unit = value_unit_to_string(type->unit);
        const char *blank = unit[0] ? " " : "";

        integer_format(integer, number);
        if (integer_compare(integer, type->min) < 0) {
                integer_format(type->min, bound);
                *ret_why =
                        text_format("is %s, below the minimum %s%s%s", number, bound, blank, unit);
                return -ERANGE;
        }
        if (integer_compare(integer, type->max) > 0) {
                integer_format(type->max, bound);
                *ret_why =
                        text_format("is %s, above the maximum %s%s%s", number, bound, blank, unit);
                return -ERANGE;
        }
        if (type->gap_last.magnitude > 0 && integer_compare(integer, type->gap_first) >= 0 &&
            integer_compare(integer, type->gap_last) <= 0) {
                integer_format(type->gap_first, bound);
                integer_format(type->gap_last, last);
                *ret_why = text_format("is %s; the kernel refuses %s to %s", number, bound, last);
                return -ERANGE;
        }
        return 0;
}

static int parse_integer(const ValueType *type, const char *text, Value *ret, char **ret_why) {
        Value value = {.kind = VALUE_INTEGER, .n = 1};

        int r = number_parse(type->unit, text, &value.integers[0], ret_why);
        if (r < 0) {
                name_range(type, ret_why);
                return r;
        }
        r = check_range(type, value.integers[0], ret_why);
        if (r < 0)
                return r;
        *ret = value;
        return 0;
}

static int parse_bool(const char *text, Value *ret, char **ret_why) {
        static const char *const words[2][4] = {
                {"0", "false", "no", "off"},
                {"1", "true", "yes", "on"},
        };

        for (uint64_t on = 0; on < 2; on++)
                for (size_t i = 0; i < ELEMENTSOF(words[on]); i++)
                        if (streq(text, words[on][i])) {
                                *ret = (Value){
                                        .kind = VALUE_BOOL, .n = 1, .integers = {INTEGER_OF(on)}};
                                return 0;
                        }
        *ret_why = text_format("is \"%s\", neither 0 nor 1", text);
        return -EINVAL;
}

static int parse_choice(const ValueType *type, const char *text, Value *ret, char **ret_why) {
        Value value = {.kind = VALUE_CHOICE};

        for (size_t i = 0; type->choices && type->choices[i]; i++)
                if (streq(text, type->choices[i])) {
                        (void) snprintf(value.word, sizeof(value.word), "%s", text);
                        *ret = value;
                        return 0;
                }
        _cleanup_(freep) char *choices = value_type_format(type);
        *ret_why = text_format("is \"%s\", not %s", text, choices ? choices : "one of its choices");
        return -EINVAL;
}

/* Numbers with blanks, tabs or commas between them; each checked when there is a range. */
static int
parse_vector(const ValueType *type, const char *text, bool check, Value *ret, char **ret_why) {
        static const char separators[] = " \t\n,";
        Value value = {.kind = VALUE_VECTOR};

        for (const char *p = text + strspn(text, separators); *p; p += strspn(p, separators)) {
                char word[32];
                size_t n = strcspn(p, separators);
                if (n >= sizeof(word) || value.n == VALUE_VECTOR_MAX) {
                        *ret_why = text_format("is \"%s\", not a list of at most %d numbers",
                                               text,
                                               VALUE_VECTOR_MAX);
                        return -EINVAL;
                }
                memcpy(word, p, n);
                word[n] = '\0';
                int r = number_parse(type->unit, word, &value.integers[value.n], ret_why);
                if (r < 0)
                        name_range(type, ret_why);
                else if (check)
                        r = check_range(type, value.integers[value.n], ret_why);
                if (r < 0)
                        return r;
                value.n++;
                p += n;
        }
        if (value.n == 0) {
                *ret_why = text_format("is empty");
                name_range(type, ret_why);
                return -EINVAL;
        }
        *ret = value;
        return 0;
}

int value_parse(const ValueType *type, const char *text, Value *ret, char **ret_why) {
        *ret_why = NULL;
        if (text[0] == '\0') {
                /* The kernel runs the handler of a sysctl with no data: it zeroes the pair. */
                *ret_why = text_format("is empty");
                name_range(type, ret_why);
                return -EINVAL;
        }
        switch (type->kind) {
        case VALUE_INTEGER:
                return parse_integer(type, text, ret, ret_why);
        case VALUE_BOOL:
                return parse_bool(text, ret, ret_why);
        case VALUE_CHOICE:
                return parse_choice(type, text, ret, ret_why);
        case VALUE_VECTOR:
                return parse_vector(type, text, true, ret, ret_why);
        case _VALUE_KIND_MAX:
        case _VALUE_KIND_INVALID:
                break;
        }
        return -EINVAL;
}

/* lru_gen/enabled prints a bit mask of four digits, 0x0007; every other number is a decimal. */
static int parse_kernel_integer(const char *text, Value *ret) {
        Value value = {.kind = VALUE_INTEGER, .n = 1};
        char *end = NULL;

        if (text_starts_with(text, "0x") && strlen(text) == 6 &&
            isxdigit((unsigned char) text[2])) {
                value.integers[0].magnitude = strtoull(text, &end, 16);
                if (*end)
                        return -EINVAL;
        } else if (integer_parse(text, &value.integers[0]) < 0)
                return -EINVAL;
        *ret = value;
        return 0;
}

/* The word in brackets, or the only word. */
static int parse_kernel_choice(const char *text, Value *ret) {
        Value value = {.kind = VALUE_CHOICE};
        const char *first = strchr(text, '[');
        const char *last = first ? strchr(first, ']') : NULL;

        if (first && !last)
                return -EINVAL;
        first = first ? first + 1 : text;
        size_t n = last ? (size_t) (last - first) : strlen(first);
        if (n == 0 || n >= sizeof(value.word))
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                if (!isgraph((unsigned char) first[i]) || first[i] == '[' || first[i] == ']')
                        return -EINVAL;
        memcpy(value.word, first, n);
        *ret = value;
        return 0;
}

static int parse_kernel_bool(const char *text, Value *ret) {
        Integer integer;

        if (streq(text, "Y"))
                integer = INTEGER_OF(1);
        else if (streq(text, "N"))
                integer = INTEGER_OF(0);
        else if (integer_parse(text, &integer) < 0)
                return -EINVAL;
        /* Some kernels let any number into a flag (oom_dump_tasks: 5): keep it as it is. */
        *ret = (Value){.kind = VALUE_BOOL, .n = 1, .integers = {integer}};
        return 0;
}

int value_parse_kernel(const ValueType *type, const char *text, Value *ret) {
        char copy[512];
        _cleanup_(freep) char *why = NULL;

        if (strlen(text) >= sizeof(copy))
                return -EINVAL;
        (void) snprintf(copy, sizeof(copy), "%s", text);
        char *word = text_strip(copy);

        switch (type->kind) {
        case VALUE_INTEGER:
                return parse_kernel_integer(word, ret);
        case VALUE_BOOL:
                return parse_kernel_bool(word, ret);
        case VALUE_CHOICE:
                return parse_kernel_choice(word, ret);
        case VALUE_VECTOR:
                return parse_vector(type, word, false, ret, &why) < 0 ? -EINVAL : 0;
        case _VALUE_KIND_MAX:
        case _VALUE_KIND_INVALID:
                break;
        }
        return -EINVAL;
}

int value_from_uint64(const ValueType *type, uint64_t number, Value *ret, char **ret_why) {
        *ret_why = NULL;
        int r = check_range(type, INTEGER_OF(number), ret_why);
        if (r < 0)
                return r;
        *ret = (Value){.kind = type->kind, .n = 1, .integers = {INTEGER_OF(number)}};
        return 0;
}

void value_format(const Value *value, char buffer[static VALUE_TEXT_MAX]) {
        char number[22];
        size_t used = 0;

        if (value->kind == VALUE_CHOICE) {
                (void) snprintf(buffer, VALUE_TEXT_MAX, "%s", value->word);
                return;
        }
        buffer[0] = '\0';
        for (size_t i = 0; i < value->n; i++) {
                integer_format(value->integers[i], number);
                used += (size_t) snprintf(
                        buffer + used, VALUE_TEXT_MAX - used, "%s%s", i > 0 ? " " : "", number);
        }
}

char *value_format_human(const ValueType *type, const Value *value) {
        char text[VALUE_TEXT_MAX], plain[64] = "";
        const char *unit = value_unit_to_string(type->unit);
        uint64_t n = value->integers[0].magnitude;

        value_format(value, text);
        if (value->kind != VALUE_INTEGER || value->integers[0].negative || unit[0] == '\0')
                return strdup(text);
        if (type->unit == VALUE_UNIT_BYTES && n >= 1024)
                format_size(n, plain);
        else if (type->unit == VALUE_UNIT_KIB && n >= 1024 && n <= UINT64_MAX / 1024)
                format_size(n * 1024, plain);
        else if (unit_usec(type->unit) > 0 && n >= unit_readable(type->unit) &&
                 n <= UINT64_MAX / unit_usec(type->unit))
                format_duration(n * unit_usec(type->unit), plain);
        else if (type->unit == VALUE_UNIT_PERMYRIAD && n <= 10000)
                format_share((unsigned) n, plain);
        else if (type->unit == VALUE_UNIT_PERCENT)
                return text_format("%s %%", text);
        if (type->unit == VALUE_UNIT_CENTISECS || type->unit == VALUE_UNIT_PERMYRIAD)
                return plain[0] ? text_format("%s (%s)", text, plain) : strdup(text);
        return plain[0] ? text_format("%s %s (%s)", text, unit, plain)
                        : text_format("%s %s", text, unit);
}

/* "one of a, b, c" */
static char *choices_format(const char *const *choices) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        (void) fputs("one of", out);
        for (size_t i = 0; choices && choices[i]; i++)
                (void) fprintf(out, "%s %s", i > 0 ? "," : "", choices[i]);
        (void) stream_close(out, &text);
        return text;
}

char *value_type_format(const ValueType *type) {
        char min[22], max[22], first[22], last[22];

        if (type->kind == VALUE_BOOL)
                return strdup("0 or 1");
        if (type->kind == VALUE_CHOICE)
                return choices_format(type->choices);
        integer_format(type->min, min);
        integer_format(type->max, max);
        const char *unit = value_unit_to_string(type->unit);
        _cleanup_(freep) char *range =
                text_format("%s to %s%s%s%s",
                            min,
                            max,
                            unit[0] ? " " : "",
                            unit,
                            type->kind == VALUE_VECTOR ? ", one a zone" : "");
        if (!range || type->gap_last.magnitude == 0)
                return TAKE_PTR(range);
        integer_format(type->gap_first, first);
        integer_format(type->gap_last, last);
        return text_format("%s, but not %s to %s", range, first, last);
}

bool value_equal(const Value *a, const Value *b) {
        if (a->kind != b->kind || a->n != b->n || !streq(a->word, b->word))
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (integer_compare(a->integers[i], b->integers[i]) != 0)
                        return false;
        return true;
}

bool value_is_zero(const Value *value) {
        return value->kind == VALUE_INTEGER && value->n == 1 && value->integers[0].magnitude == 0;
}
