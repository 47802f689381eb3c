#include "client/demo/chain.h"

#include "purvey/contract/v1/agreement_service.pv.h"
#include "purvey/contract/v1/contract_service.pv.h"
#include "purvey/product/v1/hub_service.pv.h"
#include "purvey/product/v1/marketplace_service.pv.h"

#include <ctype.h>
#include <stdio.h>

void chain_tell(const chain *of, const char *format, ...)
{
    if (of->quiet) { return; }
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

/* A file name from a vendor's name. */
static const char *slug_of(const chain *of, const char *name)
{
    char *slug = pv_arena_printf(of->platform->arena, "vendor-%s", name);
    PV_ASSERT(slug != NULL);
    for (char *c = slug; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '-';
    }
    return slug;
}

static bool make_marketplace(chain *of)
{
    const actor *who = &of->distributor;
    pv_create_hub_request hub = PV_CREATE_HUB_REQUEST__INIT;
    pv_create_hub_response *made = NULL;
    hub.name = text_of("Commerce system");
    hub.request_id = actor_request_id(who);
    ASK(who, pv_hub_client_create_hub, &hub, &made);
    of->hub_id = made->hub->id;

    pv_marketplace_hub entry = PV_MARKETPLACE_HUB__INIT;
    entry.hub_id = text_of(of->hub_id);
    pv_marketplace_hub *entries[] = {&entry};
    pv_create_marketplace_request request = PV_CREATE_MARKETPLACE_REQUEST__INIT;
    pv_create_marketplace_response *response = NULL;
    request.name = text_of("Cloud marketplace");
    request.currency = text_of(of->survey->currency);
    request.hubs = entries;
    request.n_hubs = 1;
    request.request_id = actor_request_id(who);
    ASK(who, pv_marketplace_client_create_marketplace, &request, &response);
    of->marketplace_id = response->marketplace->id;
    chain_tell(of, "distributor opens marketplace %s in %s on hub %s", of->marketplace_id,
               of->survey->currency, of->hub_id);
    return true;
}

bool chain_people(chain *of)
{
    const survey *seen = of->survey;
    if (!actor_operator(&of->operator_, of->platform)) { return false; }
    if (!actor_enrol(&of->distributor, &of->operator_, PV_ACCOUNT_TYPE_DISTRIBUTOR, "Distributor",
                     "distributor") ||
        !actor_join(&of->reseller, &of->operator_, PV_ACCOUNT_TYPE_RESELLER, "Reseller",
                    "reseller")) {
        return false;
    }
    chain_tell(of, "operator invites distributor %s, which logs in, and admits reseller %s",
               of->distributor.account_id, of->reseller.account_id);
    of->vendors = pv_arena_zalloc(of->platform->arena, seen->vendor_count, sizeof *of->vendors);
    PV_ASSERT(of->vendors != NULL);
    for (size_t i = 0; i < seen->vendor_count; i++) {
        const char *name = seen->vendors[i].name;
        if (!actor_join(&of->vendors[i], &of->operator_, PV_ACCOUNT_TYPE_VENDOR, name,
                        slug_of(of, name))) {
            return false;
        }
        chain_tell(of, "operator admits vendor %s as %s", name, of->vendors[i].account_id);
    }
    return make_marketplace(of);
}

static bool make_agreement(chain *of, pv_agreement_type type, const char *name, const char *parent,
                           const char **ret_id)
{
    pv_create_agreement_request request = PV_CREATE_AGREEMENT_REQUEST__INIT;
    pv_create_agreement_response *response = NULL;
    request.type = type;
    request.name = text_of(name);
    request.activate = 1;
    if (type == PV_AGREEMENT_TYPE_DISTRIBUTION) {
        request.parent_agreement_id = text_of(parent);
        request.marketplace_id = text_of(of->marketplace_id);
    }
    request.request_id = actor_request_id(&of->distributor);
    ASK(&of->distributor, pv_agreement_client_create_agreement, &request, &response);
    *ret_id = response->agreement->id;
    chain_tell(of, "distributor offers the %s %s", name, *ret_id);
    return true;
}

static bool sign(const actor *who, const pv_contract *contract)
{
    pv_sign_contract_request request = PV_SIGN_CONTRACT_REQUEST__INIT;
    pv_sign_contract_response *response = NULL;
    request.contract_id = contract->id;
    request.etag = contract->etag;
    request.request_id = actor_request_id(who);
    ASK(who, pv_contract_client_sign_contract, &request, &response);
    return true;
}

/* The distributor invites, the partner signs. */
static bool invite(chain *of, const char *agreement_id, const actor *partner)
{
    pv_create_contract_request request = PV_CREATE_CONTRACT_REQUEST__INIT;
    pv_create_contract_response *response = NULL;
    request.agreement_id = text_of(agreement_id);
    request.partner_id = text_of(partner->account_id);
    request.request_id = actor_request_id(&of->distributor);
    ASK(&of->distributor, pv_contract_client_create_contract, &request, &response);
    if (!sign(partner, response->contract)) { return false; }
    chain_tell(of, "%s signs contract %s", partner->name, response->contract->id);
    return true;
}

/* The vendor enrols, the distributor signs. */
static bool enroll(chain *of, const char *agreement_id, size_t vendor)
{
    const actor *who = &of->vendors[vendor];
    pv_enroll_contract_request request = PV_ENROLL_CONTRACT_REQUEST__INIT;
    pv_enroll_contract_response *response = NULL;
    request.agreement_id = text_of(agreement_id);
    request.request_id = actor_request_id(who);
    ASK(who, pv_contract_client_enroll_contract, &request, &response);
    if (!sign(&of->distributor, response->contract)) { return false; }
    of->survey->vendors[vendor].contract_id = response->contract->id;
    chain_tell(of, "%s enrols in distribution, the distributor signs %s", who->name,
               response->contract->id);
    return true;
}

bool chain_contracts(chain *of)
{
    const char *program = NULL;
    const char *distribution = NULL;
    const char *service = NULL;
    if (!make_agreement(of, PV_AGREEMENT_TYPE_PROGRAM, "program agreement", NULL, &program) ||
        !make_agreement(of, PV_AGREEMENT_TYPE_DISTRIBUTION, "distribution agreement", program,
                        &distribution) ||
        !make_agreement(of, PV_AGREEMENT_TYPE_SERVICE, "service agreement", NULL, &service) ||
        !invite(of, service, &of->reseller)) {
        return false;
    }
    for (size_t i = 0; i < of->survey->vendor_count; i++) {
        if (!invite(of, program, &of->vendors[i]) || !enroll(of, distribution, i)) { return false; }
    }
    return true;
}

bool chain_reconnect(chain *of)
{
    bool connected = actor_connect(&of->operator_) && actor_connect(&of->distributor) &&
                     actor_connect(&of->reseller);
    for (size_t i = 0; connected && i < of->survey->vendor_count; i++) {
        connected = actor_connect(&of->vendors[i]);
    }
    return connected;
}

void chain_end(chain *of)
{
    actor_leave(&of->operator_);
    actor_leave(&of->distributor);
    actor_leave(&of->reseller);
    for (size_t i = 0; of->vendors != NULL && i < of->survey->vendor_count; i++) {
        actor_leave(&of->vendors[i]);
    }
}
