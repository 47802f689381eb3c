#include "server/flows/order/kinds.h"

#include "server/flows/make.h"
#include "server/flows/state.h"

enum { KINDS = PV_ORDER_KIND_TRANSFER + 1, STATES = PV_SUBSCRIPTION_STATE_TERMINATED + 1 };

/* Table O1. An absent entry forbids. */
typedef enum rule {
    FORBIDDEN = 0,
    ALLOWED = 1,
    ALREADY = 2 /* forbidden, because the subscription is where the order would bring it */
} rule;

static const rule rules[STATES][KINDS] = {
    [PV_SUBSCRIPTION_STATE_PROCESSING] = {[PV_ORDER_KIND_PURCHASE] = ALREADY},
    [PV_SUBSCRIPTION_STATE_ACTIVE] = {[PV_ORDER_KIND_PURCHASE] = ALREADY,
                                      [PV_ORDER_KIND_CHANGE] = ALLOWED,
                                      [PV_ORDER_KIND_CANCEL] = ALLOWED,
                                      [PV_ORDER_KIND_SUSPEND] = ALLOWED,
                                      [PV_ORDER_KIND_RESUME] = ALREADY},
    [PV_SUBSCRIPTION_STATE_SUSPENDED] = {[PV_ORDER_KIND_CANCEL] = ALLOWED,
                                         [PV_ORDER_KIND_SUSPEND] = ALREADY,
                                         [PV_ORDER_KIND_RESUME] = ALLOWED},
    [PV_SUBSCRIPTION_STATE_TERMINATING] =
        {[PV_ORDER_KIND_CANCEL] = ALREADY, [PV_ORDER_KIND_SUSPEND] = ALREADY},
    [PV_SUBSCRIPTION_STATE_TERMINATED] =
        {[PV_ORDER_KIND_CANCEL] = ALREADY, [PV_ORDER_KIND_SUSPEND] = ALREADY},
};

/* What a request of a kind holds beside kind and note. */
enum {
    SUBSCRIPTION = 1 << 0,
    PRODUCT = 1 << 1,
    MARKETPLACE = 1 << 2,
    CONNECTION = 1 << 3,
    CUSTOMER = 1 << 4,
    EXTERNAL_ID = 1 << 5,
    ITEMS = 1 << 6,
    PARAMS = 1 << 7
};

static const struct input {
    unsigned needed;
    unsigned taken;
} inputs[KINDS] = {
    [PV_ORDER_KIND_PURCHASE] = {PRODUCT | MARKETPLACE | CUSTOMER | ITEMS,
                                PRODUCT | MARKETPLACE | CUSTOMER | ITEMS | CONNECTION |
                                    EXTERNAL_ID | PARAMS},
    [PV_ORDER_KIND_CHANGE] = {SUBSCRIPTION, SUBSCRIPTION | ITEMS | PARAMS},
    [PV_ORDER_KIND_CANCEL] = {SUBSCRIPTION, SUBSCRIPTION},
    [PV_ORDER_KIND_SUSPEND] = {SUBSCRIPTION, SUBSCRIPTION},
    [PV_ORDER_KIND_RESUME] = {SUBSCRIPTION, SUBSCRIPTION},
};

const char *pv_order_kind_name(pv_order_kind kind)
{
    static const char prefix[] = "ORDER_KIND_";
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&purvey__order__v1__order_kind__descriptor, (int)kind);
    return value == NULL ? "" : value->name + sizeof prefix - 1;
}

/* Names of the kinds that pass, joined by commas. */
static const char *kinds_text(pv_arena *arena, bool (*passes)(int context, int kind), int context)
{
    pv_buffer text = pv_buffer_of(arena);
    for (int kind = 1; kind < KINDS; kind++) {
        if (passes(context, kind)) {
            pv_buffer_printf(&text, "%s%s", text.size == 0 ? "" : ", ",
                             pv_order_kind_name((pv_order_kind)kind));
        }
    }
    return pv_buffer_text(&text);
}

static bool offered(int context, int kind)
{
    (void)context;
    return inputs[kind].needed != 0;
}

static bool allowed_in(int state, int kind)
{
    return rules[state][kind] == ALLOWED;
}

bool pv_order_kind_allowed(pv_subscription_state state, pv_order_kind kind)
{
    return allowed_in((int)state, (int)kind);
}

pv_status pv_order_input_invalid(pv_call *call, pv_order_kind kind, const char *field,
                                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = pv_arena_vprintf(call->arena, format, arguments);
    va_end(arguments);
    pv_error_note(&call->error, "kind", "%s", pv_order_kind_name(kind));
    pv_error_note(&call->error, "field", "%s", field);
    pv_error_violate(&call->error, PV_VIOLATION_FIELD, NULL, field, "%s", text == NULL ? "" : text);
    return pv_refuse(&call->error, &pv_error_reason_order_input_invalid, "%s: %s.", field,
                     text == NULL ? "" : text);
}

pv_status pv_order_check_input(pv_call *call, const pv_create_order_request *request)
{
    pv_order_kind kind = request->kind;
    if (!offered(0, (int)kind)) {
        pv_error_note(&call->error, "kind", "%s", pv_order_kind_name(kind));
        pv_error_note(&call->error, "supported_kinds", "%s", kinds_text(call->arena, offered, 0));
        return pv_refuse(&call->error, &pv_error_reason_order_kind_unsupported,
                         "Orders of kind %s are not offered.", pv_order_kind_name(kind));
    }
    const struct {
        unsigned bit;
        const char *name;
        bool given;
    } fields[] = {
        {SUBSCRIPTION, "subscription_id", !pv_is_empty(request->subscription_id)},
        {PRODUCT, "product_id", !pv_is_empty(request->product_id)},
        {MARKETPLACE, "marketplace_id", !pv_is_empty(request->marketplace_id)},
        {CONNECTION, "connection_id", !pv_is_empty(request->connection_id)},
        {CUSTOMER, "customer_id", !pv_is_empty(request->customer_id)},
        {EXTERNAL_ID, "external_id", !pv_is_empty(request->external_id)},
        {ITEMS, "items", request->n_items > 0},
        {PARAMS, "params", request->n_params > 0},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].given && (inputs[kind].taken & fields[i].bit) == 0) {
            return pv_order_input_invalid(call, kind, fields[i].name,
                                          "an order of kind %s does not take it",
                                          pv_order_kind_name(kind));
        }
        if (!fields[i].given && (inputs[kind].needed & fields[i].bit) != 0) {
            return pv_order_input_invalid(call, kind, fields[i].name,
                                          "an order of kind %s needs it", pv_order_kind_name(kind));
        }
    }
    return pv_ok();
}

pv_status pv_order_check_kind(pv_call *call, const pv_subscription *subscription,
                              pv_order_kind kind)
{
    int state = (int)subscription->state;
    PV_ASSERT(state > 0 && state < STATES && (int)kind > 0 && (int)kind < KINDS);
    if (rules[state][kind] == ALLOWED) { return pv_ok(); }
    const char *state_name = pv_state_name(&pv_subscription__object, state);
    const char *allowed = kinds_text(call->arena, allowed_in, state);
    bool already = rules[state][kind] == ALREADY;
    pv_error_note(&call->error, "kind", "%s", pv_order_kind_name(kind));
    pv_error_note(&call->error, "state", "%s", state_name);
    pv_error_note(&call->error, "allowed_kinds", "%s", allowed);
    pv_error_note(&call->error, "already", "%s", already ? "true" : "false");
    pv_violate(call, "STATE", subscription->id, "is %s, which allows %s", state_name,
               pv_is_empty(allowed) ? "no order" : allowed);
    return pv_refuse(&call->error, &pv_error_reason_order_kind_forbidden,
                     "%s is %s%s; it allows %s.", subscription->id, state_name,
                     already ? ", where a further order of this kind would bring it" : "",
                     pv_is_empty(allowed) ? "no order now" : allowed);
}
