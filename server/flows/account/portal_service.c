/* The portal under the name that a client connected to. It is about looks alone: nothing else asks for that name. */
#include "purvey/account/v1/portal_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/partner.pv.h"
#include "server/flows/account/domain_name.h"
#include "server/flows/account/domains.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"

/* The name in TLS, or else that of the call; NULL: the client named none. */
static pv_status find_domain(pv_call *call, pv_domain **ret_domain)
{
    char name[DOMAIN_NAME_SIZE];
    const pv_peer *peer = call->peer;
    bool named = *peer->tls_server_name != '\0'
                     ? domain_name_read(pv_view_text(peer->tls_server_name), name)
                     : domain_name_of_authority(pv_view_text(peer->server_name), name);
    return named ? domain_verified(call, name, ret_domain) : pv_ok();
}

/* Whether the caller works with the distributor, or is about to. */
static pv_status is_partner(pv_call *call, const char *distributor_id, bool *ret_is)
{
    const pv_object_info *object = &pv_partnership__object;
    pv_condition with = pv_where(object, "distributor_id", distributor_id);
    pv_partnership *partnership = NULL;
    PV_TRY(pv_if_any(pv_lookup(call, object, pv_caller_of(call)->account, &with, 1, &partnership)));
    *ret_is = partnership != NULL && partnership->state != PV_PARTNERSHIP_STATE_ENDED;
    return pv_ok();
}

/* Whether the owner of a domain shows its brand to whoever calls. A brand says "we work together": strangers that are
 * known are not told so. Who is not known may become a partner. */
static pv_status is_shown(pv_call *call, const pv_account *owner, bool *ret_is)
{
    const pv_caller *caller = pv_caller_of(call);
    *ret_is = owner->state == PV_ACCOUNT_STATE_ACTIVE;
    if (!*ret_is || caller == NULL || owner->type == PV_ACCOUNT_TYPE_OPERATOR ||
        strcmp(caller->account_id, owner->id) == 0) {
        return pv_ok();
    }
    return is_partner(call, owner->id, ret_is);
}

/* The published brand of an account; NULL: it has none. */
static pv_status published(pv_call *call, const char *account_id, pv_brand **ret_brand)
{
    const pv_object_info *object = &pv_brand__object;
    const pv_condition conditions[] = {
        pv_where(object, "account_id", account_id),
        pv_where_number(object, "state", PV_BRAND_STATE_PUBLISHED),
    };
    return pv_if_any(pv_lookup(call, object, pv_id_of(&pv_account__object, account_id), conditions,
                               2, ret_brand));
}

/* The brand that a domain leads the caller to; NULL: none. */
static pv_status brand_of(pv_call *call, const pv_domain *domain, pv_brand **ret_brand)
{
    pv_account *owner = NULL;
    bool shown = false;
    PV_TRY(pv_fetch(call, &pv_account__object, domain->account_id, &owner));
    PV_TRY(is_shown(call, owner, &shown));
    return shown ? published(call, owner->id, ret_brand) : pv_ok();
}

/* What the platform shows while its operator has said nothing. */
static pv_status plain_brand(pv_call *call, const pv_account *operator_account,
                             pv_brand **ret_brand)
{
    pv_brand *brand = NULL;
    PV_TRY(pv_make_part(call, &pv_brand__info, &brand));
    PV_TRY(pv_make_part(call, &pv_theme__info, &brand->theme));
    brand->name = operator_account->name;
    PV_TRY(pv_text(call, "#1f4e79", &brand->theme->primary));
    PV_TRY(pv_text(call, "#16324f", &brand->theme->navigation));
    PV_TRY(pv_text(call, "#c8553d", &brand->theme->accent));
    *ret_brand = brand;
    return pv_ok();
}

static pv_status platforms_brand(pv_call *call, pv_brand **ret_brand)
{
    pv_id number;
    char id[PV_ID_TEXT_SIZE];
    pv_account *account = NULL;
    PV_TRY(account_operator(call, &number));
    pv_id_format(pv_account__object.id_prefix, number, id);
    PV_TRY(published(call, id, ret_brand));
    if (*ret_brand != NULL) { return pv_ok(); }
    PV_TRY(pv_fetch(call, &pv_account__object, id, &account));
    return plain_brand(call, account, ret_brand);
}

/* The brand, and over it what it says of the role. */
static pv_status make_portal(pv_call *call, const pv_brand *brand, pv_account_type role,
                             pv_portal **ret_portal)
{
    pv_portal *portal = NULL;
    PV_TRY(pv_make_part(call, &pv_portal__info, &portal));
    pv_take(&brand->base, &pv_portal__info, &portal->base);
    for (size_t i = 0; i < brand->n_portals; i++) {
        if (brand->portals[i]->role != role) { continue; }
        pv_take(&brand->portals[i]->base, &pv_portal__info, &portal->base);
    }
    portal->role = role;
    if (pv_is_empty(portal->title)) { portal->title = portal->name; }
    *ret_portal = portal;
    return pv_ok();
}

pv_status pv_portal_service_get_portal(pv_call *call, const pv_get_portal_request *request,
                                       pv_get_portal_response *response)
{
    pv_domain *domain = NULL;
    pv_brand *brand = NULL;
    PV_TRY(find_domain(call, &domain));
    if (domain != NULL) { PV_TRY(brand_of(call, domain, &brand)); }
    if (brand == NULL) {
        domain = NULL;
        PV_TRY(platforms_brand(call, &brand));
    }
    pv_account_type role = request->role;
    if (domain != NULL && domain->role != PV_ACCOUNT_TYPE_UNSPECIFIED) { role = domain->role; }
    if (pv_caller_of(call) != NULL) { role = (pv_account_type)pv_caller_of(call)->role; }
    PV_TRY(make_portal(call, brand, role, &response->portal));
    if (domain != NULL) { response->portal->domain = domain->name; }
    return pv_ok();
}
