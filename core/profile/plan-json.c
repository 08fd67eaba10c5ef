/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan.h"

/* Far more than the catalogue has knobs; a journal that holds more is none of ours. */
#define PLAN_ITEMS_MAX 1024

static const char *const step_kind_names[_STEP_KIND_MAX] = {
        [STEP_SET] = "set",
        [STEP_GUARD] = "guard",
};

/* json_object_object_add() keeps the value only when it succeeds. */
static int add_member(json_object *object, const char *key, json_object *value) {
        if (value && json_object_object_add(object, key, value) == 0)
                return 0;
        json_object_put(value);
        return -ENOMEM;
}

static int add_text(json_object *object, const char *key, const char *text) {
        return add_member(object, key, json_object_new_string(text));
}

static int add_ref(json_object *object, const char *key, KnobRef ref) {
        char name[KNOB_NAME_MAX];

        knob_ref_name(ref, name);
        return add_text(object, key, name);
}

static int add_value(json_object *object, const char *key, const Value *value) {
        char text[VALUE_TEXT_MAX];

        value_format(value, text);
        return add_text(object, key, text);
}

/* Appends object to array, or frees it. r is how the filling of object went. */
static int append(json_object *array, json_object *object, int r) {
        if (r >= 0 && json_object_array_add(array, object) == 0)
                return 0;
        json_object_put(object);
        return -ENOMEM;
}

/* Only where they are said. */
static int add_policies(json_object *object, DriftPolicy drift, Only only) {
        int r = 0;

        if (drift != DRIFT_POLICY_NONE)
                r = add_text(object, "drift", drift_policy_to_string(drift));
        if (r >= 0 && only != ONLY_NONE)
                r = add_text(object, "only", only_to_string(only));
        return r;
}

static int append_step(json_object *array, const Step *step) {
        json_object *object = json_object_new_object();
        if (!object)
                return -ENOMEM;

        int r = add_text(object, "kind", step_kind_names[step->kind]);
        if (r >= 0)
                r = add_ref(object, "knob", step->ref);
        if (r >= 0)
                r = add_value(object, "old", &step->old);
        if (r >= 0)
                r = add_value(object, "new", &step->new);
        if (r >= 0 && step->paired)
                r = add_ref(object, "partner", step->partner);
        if (r >= 0 && step->paired)
                r = add_value(object, "partner-old", &step->partner_old);
        if (r >= 0)
                r = add_text(object, "origin", step->origin);
        if (r >= 0)
                r = add_policies(object, step->drift, step->only);
        return append(array, object, r);
}

static int append_unchanged(json_object *array, const Unchanged *unchanged) {
        json_object *object = json_object_new_object();
        if (!object)
                return -ENOMEM;

        int r = add_ref(object, "knob", unchanged->ref);
        if (r >= 0)
                r = add_value(object, "value", &unchanged->value);
        if (r >= 0)
                r = add_text(object, "origin", unchanged->origin);
        if (r >= 0)
                r = add_policies(object, unchanged->drift, unchanged->only);
        return append(array, object, r);
}

static int fill(json_object *object, const Plan *plan) {
        json_object *steps = json_object_new_array();
        json_object *unchanged = json_object_new_array();

        int r = add_text(object, "profile", plan->profile);
        int r_steps = add_member(object, "steps", steps);
        int r_unchanged = add_member(object, "unchanged", unchanged);
        if (r < 0 || r_steps < 0 || r_unchanged < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n && r >= 0; i++)
                r = append_step(steps, &plan->steps[i]);
        for (size_t i = 0; i < plan->n_unchanged && r >= 0; i++)
                r = append_unchanged(unchanged, &plan->unchanged[i]);
        return r;
}

json_object *plan_to_json(const Plan *plan) {
        json_object *object = json_object_new_object();

        if (object && fill(object, plan) < 0) {
                json_object_put(object);
                return NULL;
        }
        return object;
}

/* A string member without NUL in it, or NULL. */
static const char *get_text(json_object *object, const char *key) {
        json_object *member = NULL;

        if (!json_object_is_type(object, json_type_object) ||
            !json_object_object_get_ex(object, key, &member) ||
            !json_object_is_type(member, json_type_string))
                return NULL;
        const char *text = json_object_get_string(member);
        return strlen(text) == (size_t) json_object_get_string_len(member) ? text : NULL;
}

static int get_ref(json_object *object, const char *key, KnobRef *ret) {
        const char *name = get_text(object, key);

        if (!name || knob_ref_parse(name, ret) < 0 || (ret->knob->flags & KNOB_TRIGGER))
                return -EBADMSG;
        return 0;
}

/* Only the canonical text of a value is taken: what this program wrote. */
static int get_value(json_object *object, const char *key, const Knob *knob, Value *ret) {
        const ValueType type = {.kind = knob->kind, .choices = knob->choices};
        const char *text = get_text(object, key);
        char canonical[VALUE_TEXT_MAX];

        if (!text || value_parse_kernel(&type, text, ret) < 0)
                return -EBADMSG;
        value_format(ret, canonical);
        return streq(text, canonical) ? 0 : -EBADMSG;
}

static int get_origin(json_object *object, char **ret) {
        const char *origin = get_text(object, "origin");

        if (!origin)
                return -EBADMSG;
        *ret = strdup(origin);
        return *ret ? 0 : -ENOMEM;
}

static int get_policies(json_object *object, DriftPolicy *ret_drift, Only *ret_only) {
        const char *drift = get_text(object, "drift"), *only = get_text(object, "only");

        *ret_drift = drift ? drift_policy_from_string(drift) : DRIFT_POLICY_NONE;
        *ret_only = only ? only_from_string(only) : ONLY_NONE;
        return *ret_drift < 0 || *ret_only < 0 ? -EBADMSG : 0;
}

static int get_step_kind(json_object *object, StepKind *ret) {
        const char *name = get_text(object, "kind");

        for (int kind = 0; name && kind < _STEP_KIND_MAX; kind++)
                if (streq(step_kind_names[kind], name)) {
                        *ret = kind;
                        return 0;
                }
        return -EBADMSG;
}

/* Both or neither of partner and partner-old, as the catalogue has it. */
static int get_partner(json_object *object, Step *step) {
        KnobRef named = {0};

        step->paired = knob_ref_partner(step->ref, &step->partner);
        if (!step->paired)
                return json_object_object_get_ex(object, "partner", NULL) ? -EBADMSG : 0;
        if (get_ref(object, "partner", &named) < 0 || !knob_ref_equal(named, step->partner))
                return -EBADMSG;
        return get_value(object, "partner-old", named.knob, &step->partner_old);
}

static bool has_step(const Plan *plan, KnobRef ref) {
        for (size_t i = 0; i < plan->n; i++)
                if (knob_ref_equal(plan->steps[i].ref, ref))
                        return true;
        return false;
}

static int load_step(json_object *object, Plan *plan) {
        Step step = {0};

        if (get_step_kind(object, &step.kind) < 0 || get_ref(object, "knob", &step.ref) < 0 ||
            has_step(plan, step.ref) || get_value(object, "old", step.ref.knob, &step.old) < 0 ||
            get_value(object, "new", step.ref.knob, &step.new) < 0 ||
            get_partner(object, &step) < 0 || get_policies(object, &step.drift, &step.only) < 0)
                return -EBADMSG;
        if (step.kind == STEP_GUARD && !value_equal(&step.old, &step.new))
                return -EBADMSG;
        if (array_grow(&plan->steps, plan->n, sizeof(Step)) < 0)
                return -ENOMEM;
        int r = get_origin(object, &step.origin);
        if (r >= 0)
                plan->steps[plan->n++] = step;
        return r;
}

static int load_unchanged(json_object *object, Plan *plan) {
        Unchanged unchanged = {0};

        if (get_ref(object, "knob", &unchanged.ref) < 0 ||
            get_value(object, "value", unchanged.ref.knob, &unchanged.value) < 0 ||
            get_policies(object, &unchanged.drift, &unchanged.only) < 0)
                return -EBADMSG;
        if (array_grow(&plan->unchanged, plan->n_unchanged, sizeof(Unchanged)) < 0)
                return -ENOMEM;
        int r = get_origin(object, &unchanged.origin);
        if (r >= 0)
                plan->unchanged[plan->n_unchanged++] = unchanged;
        return r;
}

static int load_array(json_object *object,
                      const char *key,
                      int (*load)(json_object *object, Plan *plan),
                      Plan *plan) {
        json_object *array = NULL;

        if (!json_object_object_get_ex(object, key, &array) ||
            !json_object_is_type(array, json_type_array) ||
            json_object_array_length(array) > PLAN_ITEMS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < json_object_array_length(array); i++) {
                int r = load(json_object_array_get_idx(array, i), plan);
                if (r < 0)
                        return r;
        }
        return 0;
}

int plan_from_json(json_object *object, Plan **ret) {
        const char *profile = get_text(object, "profile");
        if (!profile)
                return -EBADMSG;

        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(*plan));
        if (!plan)
                return -ENOMEM;
        plan->profile = strdup(profile);
        if (!plan->profile)
                return -ENOMEM;
        int r = load_array(object, "steps", load_step, plan);
        if (r >= 0)
                r = load_array(object, "unchanged", load_unchanged, plan);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}
