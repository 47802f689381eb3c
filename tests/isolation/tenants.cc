#include "tests/isolation/tenants.h"

#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"
#include "purvey/common/v1/vocabulary.pv.h"

#include <gtest/gtest.h>

#include <cstring>

namespace purvey {

std::string role_name(int role)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&purvey__common__v1__account_type__descriptor, role);
    return role == 0 || value == nullptr ? "NOBODY" : value->name + sizeof "ACCOUNT_TYPE_" - 1;
}

const pv_method_info *method_named(const std::string &name)
{
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
            const pv_method_info *method = &pv_catalog__services[i]->methods[j];
            if (name == method->name) { return method; }
        }
    }
    ADD_FAILURE() << "no method " << name;
    abort();
}

/* --- steps of the script --- */

Json Tenants::request(const Actor &actor, const std::string &method, const std::string &more)
{
    Json result =
        fill_request(method_named(method)->request, Fill::kEverything, actor.account_id, canaries);
    result.merge(Json(more));
    return result;
}

std::string Tenants::done(const Actor &actor, const std::string &method, const Answer &answer,
                          const std::string &path)
{
    EXPECT_TRUE(answer.ok()) << method << ": " << answer.whole;
    transcript.emplace_back(actor.account_id, answer.whole + answer.packed);
    if (after_step) { after_step(*this); }
    return path.empty() ? "" : answer.text(path);
}

std::string Tenants::make(const Actor &actor, const std::string &method, const std::string &more,
                          const std::string &path)
{
    return done(actor, method, world.call(actor, method, request(actor, method, more).dump()),
                path);
}

void Tenants::act(const Actor &actor, const std::string &method, const std::string &id,
                  const std::string &more)
{
    Json wanted = request(actor, method, more);
    wanted.set(id_fields(method_named(method)->request).front().path, id);
    if (pv_field_find(method_named(method)->request->descriptor, pv_view_text("etag")) >= 0) {
        for (const Stored &stored : Watched::objects()) {
            if (stored.id == id) { wanted.set("etag", stored.etag); }
        }
    }
    done(actor, method, world.call(actor, method, wanted.dump()), "");
}

Actor Tenants::account(const std::string &type, const std::string &name, const std::string &secret)
{
    Actor made = world.account(type, name);
    if (name == secret) { canaries.secret_account = made.account_id; }
    return made;
}

/* A member that lost its last group. */
Actor Tenants::idle(const Actor &of)
{
    Actor member = world.user(of, {{"ACCOUNT", "VIEW"}});
    EXPECT_TRUE(world
                    .call(of, "UpdateMembership",
                          json(R"({"membership_id": "%s", "update_mask": "group_ids"})",
                               member.membership_id.c_str()))
                    .ok());
    return member;
}

/* --- the script --- */

void Tenants::people(SupplyChain &chain, const Actor &of, const std::string &name)
{
    make(of, "UpdateAccount",
         json(R"({"account_id": "%s", "external_id": null})", of.account_id.c_str()));
    std::string group = make(of, "CreateGroup", "{}", "group.id");
    make(of, "CreateGroup", "{}");
    std::string groups = json(R"({"group_ids": ["%s"]})", group.c_str());
    std::string membership = make(of, "CreateUser", groups, "membership.id");
    std::string user = make(of, "CreateUser", groups, "user.id");
    act(of, "DeactivateUser", user);
    make(of, "InviteMembership", groups);
    act(of, "RevokeMembership", make(of, "InviteMembership", groups, "membership.id"));
    /* What is certified is a key, which the digest of its text shows. */
    std::string issue =
        json(R"({"membership_id": "%s", "csr_der": null, "csr_pem": "csr"})", membership.c_str());
    make(of, "IssueCertificate", issue);
    act(of, "RevokeCertificate", make(of, "IssueCertificate", issue, "certificate.id"));
    make(of, "CreateInvitation", json(R"({"membership_id": "%s"})", membership.c_str()));
    std::string token = make(of, "InviteMembership", groups, "invitation_token");
    /* Who holds an invitation stands for the account. */
    Json enroll = request(of, "Enroll", R"({"csr_der": null, "csr_pem": "csr"})");
    enroll.set("invitation_token", token);
    done(of, "Enroll", world.call(Actor(), "Enroll", enroll.dump()), "");
    chain.ids[name + ".membership"] = membership;
    idle_of[of.account_id] = idle(of);
}

/* A brand that is published, under a domain that is proved; and a domain that is not. */
void Tenants::face(const Actor &by)
{
    act(by, "PublishBrand", make(by, "CreateBrand", R"({"portals": null})", "brand.id"));
    auto claim = [&] {
        domains.push_back(canaries.next(by.account_id) + ".example.com");
        return make(by, "CreateDomain", json(R"({"name": "%s"})", domains.back().c_str()),
                    "domain.id");
    };
    std::string proved = claim();
    Answer domain = world.call(by, "GetDomain", json(R"({"domain_id": "%s"})", proved.c_str()));
    world.dns[domain.text("domain.challenge_name")] = {domain.text("domain.challenge_value")};
    act(by, "VerifyDomain", proved);
    claim();
}

void Tenants::places(SupplyChain &chain)
{
    const Actor &by = chain.distributor;
    chain.ids["hub"] = make(by, "CreateHub", "{}", "hub.id");
    chain.ids["spare hub"] = make(by, "CreateHub", "{}", "hub.id");
    std::string on_hub = json(R"({"alternative_currencies": ["EUR"], "hubs": [{"hub_id": "%s"}]})",
                              chain.ids["hub"].c_str());
    chain.ids["marketplace"] = make(by, "CreateMarketplace", on_hub, "marketplace.id");
    const char *bare = R"({"alternative_currencies": ["EUR"], "hubs": null})";
    chain.ids["spare marketplace"] = make(by, "CreateMarketplace", bare, "marketplace.id");
    make(chain.reseller, "CreateMarketplace", bare);
    make(chain.reseller, "CreateHub", "{}");
}

void Tenants::agreements(SupplyChain &chain)
{
    const Actor &by = chain.distributor;
    auto terms = [&](const char *name, const char *type, const std::string &more) {
        std::string form =
            json(R"({"type": "AGREEMENT_TYPE_%s", "activate": true%s})", type, more.c_str());
        chain.ids[name] = make(by, "CreateAgreement", form, "agreement.id");
    };
    const char *formless = R"(, "enroll_questions": null)";
    terms("program", "PROGRAM", formless);
    terms("open program", "PROGRAM", formless);
    terms("free program", "PROGRAM", formless);
    terms("service", "SERVICE", formless);
    terms("open service", "SERVICE", formless);
    std::string there = json(R"(, "parent_agreement_id": "%s", "marketplace_id": "%s")",
                             chain.ids["program"].c_str(), chain.ids["marketplace"].c_str());
    terms("distribution", "DISTRIBUTION", there + formless + R"(, "auto_accept": true)");
    terms("reviewed distribution", "DISTRIBUTION", there + formless);
    terms("asking distribution", "DISTRIBUTION", there);
    terms("answered distribution", "DISTRIBUTION", there);
    terms("offered distribution", "DISTRIBUTION", there + formless);
}

/* A contract that the distributor draws up, pending. */
std::string Tenants::offer(SupplyChain &chain, const std::string &name, const Actor &partner)
{
    return make(chain.distributor, "CreateContract",
                json(R"({"agreement_id": "%s", "partner_id": "%s"})", chain.ids[name].c_str(),
                     partner.account_id.c_str()),
                "contract.id");
}

/* One that the vendor starts. */
std::string Tenants::enroll(SupplyChain &chain, const std::string &name)
{
    return make(chain.vendor, "EnrollContract",
                json(R"({"agreement_id": "%s"})", chain.ids[name].c_str()), "contract.id");
}

/* The vendor may list on the marketplace. */
void Tenants::admit_vendor(SupplyChain &chain)
{
    act(chain.vendor, "SignContract", offer(chain, "program", chain.vendor));
    chain.ids["distribution contract"] = enroll(chain, "distribution");
}

void Tenants::contracts(SupplyChain &chain)
{
    admit_vendor(chain);
    act(chain.reseller, "SignContract", offer(chain, "service", chain.reseller));
    offer(chain, "open program", chain.vendor);
    offer(chain, "open service", chain.reseller);
    if (&chain == &first) { /* whose company is of the first chain as well: in_first */
        make(chain.distributor, "InvitePartner",
             json(R"({"agreement_id": "%s"})", chain.ids["open program"].c_str()));
    }
    enroll(chain, "reviewed distribution");
    enroll(chain, "asking distribution");
    act(chain.vendor, "CompleteEnrollment", enroll(chain, "answered distribution"));
    for (const char *name : {"program", "service"}) {
        const char *formless = R"({"enroll_questions": null, "activate": true})";
        act(chain.distributor, "CreateAgreementVersion", chain.ids[name], formless);
        act(chain.distributor, "CreateAgreementVersion", chain.ids[name],
            R"({"enroll_questions": null})");
    }
}

/* A product with parts; the ids of the parts are filed under its name. */
std::string Tenants::product(SupplyChain &chain, const std::string &name)
{
    const Actor &by = chain.vendor;
    std::string id = make(
        by, "CreateProduct",
        R"({"capabilities": {"usage_schema": "USAGE_SCHEMA_PR", "administrative_hold": true}})",
        "product.id");
    auto part = [&](const char *method, const std::string &more, const std::string &path) {
        return make(by, method, json(R"({"product_id": "%s", %s})", id.c_str(), more.c_str()),
                    path + ".id");
    };
    chain.ids[name + ".seat"] = part("CreateItem", R"("mpn": "SEAT")", "item");
    chain.ids[name + ".gb"] =
        part("CreateItem", R"("mpn": "GB", "type": "ITEM_TYPE_PAY_AS_YOU_GO", "quantity_scale": 9)",
             "item");
    part("CreateParameter",
         R"("name": "domain", "type": "PARAMETER_TYPE_DOMAIN", "default_value": null,
            "constraints": {"required": true, "unique": true, "choices": null})",
         "parameter");
    part("CreateParameter",
         R"("name": "key", "phase": "PARAMETER_PHASE_FULFILLMENT", "default_value": null,
            "constraints": {"required": true, "choices": null})",
         "parameter");
    chain.ids[name + ".inquire"] =
        part("CreateTemplate", R"("type": "TEMPLATE_TYPE_INQUIRE")", "template");
    chain.ids[name + ".welcome"] =
        part("CreateTemplate", R"("type": "TEMPLATE_TYPE_FULFILLMENT")", "template");
    return chain.ids[name] = id;
}

void Tenants::products(SupplyChain &chain)
{
    const Actor &by = chain.vendor;
    for (const char *name : {"product", "drafted", "reviewed", "deployed", "ended"}) {
        act(by, "PublishProduct", product(chain, name));
    }
    product(chain, "draft");
    act(by, "EndProductSale", chain.ids["ended"]);
    std::string of = json(R"({"product_id": "%s"})", chain.ids["product"].c_str());
    make(by, "CreateItem", of);
    act(by, "PublishProduct", chain.ids["product"]);
    act(by, "EndItemSale", chain.ids["reviewed.gb"]);
    make(by, "CreateItem", of);
    act(by, "UpdateProduct", chain.ids["product"],
        R"({"capabilities": null})"); /* the working copy goes ahead of what was published */
}

/* Takes a product to its listing, as far as the state of the proposal. */
std::string Tenants::list(SupplyChain &chain, const std::string &of, const std::string &until)
{
    std::string proposal = make(chain.vendor, "CreateListingProposal",
                                json(R"({"product_id": "%s", "marketplace_id": "%s"})", of.c_str(),
                                     chain.ids["marketplace"].c_str()),
                                "listing_proposal.id");
    if (until == "DRAFT") { return proposal; }
    act(chain.vendor, "SubmitListingProposal", proposal);
    if (until == "REVIEWING") { return proposal; }
    chain.ids["connection"] =
        make(chain.distributor, "CreateConnection",
             json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_PRODUCTION"})",
                  of.c_str(), chain.ids["hub"].c_str()),
             "connection.id");
    act(chain.distributor, "DeployListingProposal", proposal);
    if (until == "COMPLETED") { act(chain.distributor, "CompleteListingProposal", proposal); }
    return proposal;
}

void Tenants::listings(SupplyChain &chain)
{
    list(chain, chain.ids["drafted"], "DRAFT");
    list(chain, chain.ids["reviewed"], "REVIEWING");
    list(chain, chain.ids["deployed"], "DEPLOYING");
    list(chain, chain.ids["product"], "COMPLETED");
}

std::string Tenants::customer(const Actor &owner, SupplyChain &chain, const std::string &name)
{
    const char *kind = R"({"kind": "TIER_ACCOUNT_KIND_RESELLER"})";
    std::string parent = make(owner, "CreateTierAccount", kind, "tier_account.id");
    make(owner, "CreateTierAccount", kind);
    std::string child =
        json(R"({"kind": "TIER_ACCOUNT_KIND_CUSTOMER", "parent_id": "%s"})", parent.c_str());
    return chain.ids[name + ".customer"] =
               make(owner, "CreateTierAccount", child, "tier_account.id");
}

std::string Tenants::purchase(const Actor &by, SupplyChain &chain, const std::string &name)
{
    std::string domain = canaries.next(by.account_id) + ".example.com";
    return make(by, "CreateOrder",
                json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s",
                         "customer_id": "%s", "params": [{"name": "domain", "value": "%s"}],
                         "items": [{"mpn": "SEAT", "quantity": {"value": "%s"}}, {"mpn": "GB", "unlimited": true}]})",
                     chain.ids["product"].c_str(), chain.ids["marketplace"].c_str(),
                     chain.ids[name + ".customer"].c_str(), domain.c_str(),
                     canaries.number(by.account_id).c_str()),
                "order.id");
}

void Tenants::orders(SupplyChain &chain)
{
    const Actor &vendor = chain.vendor;
    const std::pair<const char *, Actor> buyers[] = {{"distributor", chain.distributor},
                                                     {"reseller", chain.reseller}};
    for (const auto &buyer : buyers) {
        const Actor &by = buyer.second;
        customer(by, chain, buyer.first);
        std::string approved = purchase(by, chain, buyer.first);
        std::string pending = purchase(by, chain, buyer.first);
        std::string inquiring = purchase(by, chain, buyer.first);
        for (const std::string &id : {approved, pending}) {
            std::string key = canaries.next(vendor.account_id);
            act(vendor, "UpdateOrderParameters", id,
                json(R"({"params": [{"name": "key", "value": "%s"}]})", key.c_str()));
        }
        act(vendor, "ApproveOrder", approved,
            json(R"({"template_id": "%s"})", chain.ids["product.welcome"].c_str()));
        act(vendor, "InquireOrder", inquiring,
            json(R"({"template_id": "%s", "flags": [{"name": "domain", "error": "%s"}]})",
                 chain.ids["product.inquire"].c_str(), canaries.next(vendor.account_id).c_str()));
        chain.ids[std::string(buyer.first) + ".subscription"] =
            world.call(by, "GetOrder", json(R"({"order_id": "%s"})", approved.c_str()))
                .text("order.subscription_id");
    }
}

std::string Tenants::report(SupplyChain &chain, const std::string &name, const std::string &until)
{
    const Actor &by = chain.vendor;
    std::string id =
        make(by, "CreateUsageReport",
             json(R"({"product_id": "%s", "contract_id": "%s", "currency": "USD"})",
                  chain.ids["product"].c_str(), chain.ids["distribution contract"].c_str()),
             "report.id");
    chain.ids[name] = id;
    if (until == "DRAFT") { return id; }
    std::string number = canaries.number(by.account_id);
    std::string record = json(
        R"({"record_id": "%s", "note": "%s", "mpn": "GB", "subscription_id": "%s", "quantity": "%s", "amount": "%s",
            "start_time": "2024-09-01T00:00:00Z", "end_time": "2024-09-01T12:00:00Z"})",
        canaries.next(by.account_id).c_str(), canaries.next(by.account_id).c_str(),
        chain.ids["reseller.subscription"].c_str(), number.c_str(), number.c_str());
    std::string opening = json(R"({"report_id": "%s", "truncate": true, "records": [%s]})",
                               id.c_str(), record.c_str());
    done(by, "UploadUsageRecords", world.upload(by, "UploadUsageRecords", {opening}), "");
    if (until == "READY") { return id; }
    act(by, "SubmitUsageReport", id);
    if (until == "REJECTED") { act(chain.distributor, "RejectUsageReport", id); }
    if (until == "ACCEPTED" || until == "CLOSED") {
        act(chain.distributor, "AcceptUsageReport", id);
    }
    if (until == "CLOSED") { act(chain.distributor, "CloseUsageReport", id); }
    return id;
}

void Tenants::usage(SupplyChain &chain)
{
    for (const char *until : {"DRAFT", "READY", "PENDING", "ACCEPTED", "REJECTED", "CLOSED"}) {
        report(chain, std::string("report ") + until, until);
    }
}

void Tenants::build(SupplyChain &chain)
{
    people(chain, chain.distributor, "distributor");
    people(chain, chain.vendor, "vendor");
    people(chain, chain.reseller, "reseller");
    face(chain.distributor);
    places(chain);
    agreements(chain);
    contracts(chain);
    products(chain);
    listings(chain);
    orders(chain);
    usage(chain);
}

/* Others who deal with the same distributor or vendor, and have something of their own there. */
void Tenants::rivals()
{
    SupplyChain selling = {first.distributor, rival_vendor, first.reseller, first.ids};
    people(selling, rival_vendor, "vendor");
    admit_vendor(selling);
    act(rival_vendor, "PublishProduct", product(selling, "product"));
    list(selling, selling.ids["product"], "COMPLETED");
    report(selling, "report", "DRAFT");

    SupplyChain buying = {first.distributor, first.vendor, rival_reseller, first.ids};
    people(buying, rival_reseller, "reseller");
    act(rival_reseller, "SignContract", offer(buying, "service", rival_reseller));
    customer(rival_reseller, buying, "reseller");
    purchase(rival_reseller, buying, "reseller");

    SupplyChain beside = {rival_distributor, first.vendor, rival_reseller, first.ids};
    people(beside, rival_distributor, "distributor");
    make(rival_distributor, "CreateBrand", R"({"portals": null})"); /* a draft */
    places(beside);
    agreements(beside);
    admit_vendor(beside);
    list(beside, beside.ids["product"], "COMPLETED");
    customer(rival_distributor, beside, "distributor");
    purchase(rival_distributor, beside, "distributor");
}

Tenants::Tenants(char variant, const std::string &secret,
                 std::function<void(const Tenants &)> after_each_step)
    : canaries(variant), after_step(std::move(after_each_step))
{
    if (secret == "OPERATOR") { canaries.secret_account = world.platform().account_id; }
    for (SupplyChain *chain : {&first, &second}) {
        std::string name = chain == &first ? "A." : "B.";
        chain->distributor = account("DISTRIBUTOR", name + "DISTRIBUTOR", secret);
        chain->vendor = account("VENDOR", name + "VENDOR", secret);
        chain->reseller = account("RESELLER", name + "RESELLER", secret);
    }
    rival_vendor = account("VENDOR", "RIVAL VENDOR", secret);
    rival_distributor = account("DISTRIBUTOR", "RIVAL DISTRIBUTOR", secret);
    rival_reseller = account("RESELLER", "RIVAL RESELLER", secret);
    std::string asleep = world.account("RESELLER", "Asleep").account_id;
    act(world.platform(), "DeactivateAccount", asleep);
    SupplyChain none;
    people(none, world.platform(), "operator");
    face(world.platform());
    build(first);
    rivals();
    build(second);
}

bool Tenants::in_first(const std::string &account_id) const
{
    for (const Actor *one : {&second.vendor, &second.distributor, &second.reseller}) {
        if (one->account_id == account_id) { return false; }
    }
    return account_id != world.platform().account_id;
}

std::vector<Caller> Tenants::everybody() const
{
    const int vendor = PV_ACCOUNT_TYPE_VENDOR;
    const int distributor = PV_ACCOUNT_TYPE_DISTRIBUTOR;
    const int reseller = PV_ACCOUNT_TYPE_RESELLER;
    return {{"OPERATOR", PV_ACCOUNT_TYPE_OPERATOR, world.platform(), Actor()},
            {"A.VENDOR", vendor, first.vendor, Actor()},
            {"A.DISTRIBUTOR", distributor, first.distributor, Actor()},
            {"A.RESELLER", reseller, first.reseller, Actor()},
            {"RIVAL VENDOR", vendor, rival_vendor, Actor()},
            {"RIVAL DISTRIBUTOR", distributor, rival_distributor, Actor()},
            {"RIVAL RESELLER", reseller, rival_reseller, Actor()},
            {"B.VENDOR", vendor, second.vendor, Actor()},
            {"B.DISTRIBUTOR", distributor, second.distributor, Actor()},
            {"B.RESELLER", reseller, second.reseller, Actor()},
            {"NOBODY", 0, Actor(), Actor()}};
}

std::vector<Caller> Tenants::callers() const
{
    std::vector<Caller> all;
    all.push_back({"OPERATOR", PV_ACCOUNT_TYPE_OPERATOR, world.platform(), Actor()});
    auto add = [&](const char *name, int role, const Actor &actor) {
        all.push_back({name, role, actor, idle_of.at(actor.account_id)});
    };
    add("VENDOR", PV_ACCOUNT_TYPE_VENDOR, first.vendor);
    add("DISTRIBUTOR", PV_ACCOUNT_TYPE_DISTRIBUTOR, first.distributor);
    add("RESELLER", PV_ACCOUNT_TYPE_RESELLER, first.reseller);
    return all;
}

} // namespace purvey
