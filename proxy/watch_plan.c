/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rhythm of looking at files. */
#include "proxy/watch_plan.h"

enum {
    AT_REST = -1
};

static int64_t
max_ms(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Ten thousand certificates on a slow disk must not keep the thread busy. */
static void
rest(struct watch_plan *plan, int64_t now_ms, int64_t cost_ms)
{
    int64_t pause_ms = cost_ms * WATCH_COST_FACTOR;

    plan->settling_ms = AT_REST;
    plan->look_ms = now_ms + max_ms(plan->period_ms, pause_ms);
    plan->soonest_ms = now_ms + max_ms(WATCH_ACCEPT_MS, pause_ms);
}

void
watch_plan_begin(
    struct watch_plan *plan, int64_t period_ms, bool may_heal, int64_t now_ms)
{
    plan->period_ms = period_ms;
    plan->retry_ms = may_heal ? now_ms + WATCH_RETRY_MS : INT64_MAX;
    rest(plan, now_ms, 0);
}

bool
watch_plan_note_accept(struct watch_plan *plan, int64_t now_ms)
{
    int64_t look_ms = max_ms(now_ms, plan->soonest_ms);

    if (plan->period_ms == 0 || plan->settling_ms != AT_REST
        || look_ms >= plan->look_ms)
        return false;
    plan->look_ms = look_ms;
    return true;
}

static bool
has_settled(const struct watch_plan *plan, const struct sources_sight *sight,
    int64_t now_ms)
{
    if (plan->settling_ms == AT_REST)
        return false;
    if (now_ms - plan->settling_ms >= WATCH_SETTLE_MAX_MS)
        return true;
    return sight->digest == plan->digest && !sight->hides_changes;
}

bool
watch_plan_decide(struct watch_plan *plan, const struct sources_sight *sight,
    int64_t now_ms, int64_t cost_ms)
{
    if (!sight->has_changed) { /* or not any more */
        rest(plan, now_ms, cost_ms);
        return now_ms >= plan->retry_ms;
    }
    if (has_settled(plan, sight, now_ms))
        return true;
    if (plan->settling_ms == AT_REST)
        plan->settling_ms = now_ms;
    plan->digest = sight->digest;
    plan->look_ms = now_ms + max_ms(WATCH_SETTLE_MS, cost_ms);
    return false;
}
