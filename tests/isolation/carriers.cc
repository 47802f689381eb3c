#include "tests/isolation/carriers.h"

#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"

namespace purvey {

namespace {

bool has_field(const pv_method_info *method, const char *name)
{
    return pv_field_find(method->request->descriptor, pv_view_text(name)) >= 0;
}

/* A list of each kind from which the caller gets a page and a token for the next. */
std::vector<std::pair<const pv_method_info *, Json>> paged(Tenants &tenants, const Actor &actor)
{
    std::vector<std::pair<const pv_method_info *, Json>> found;
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
            const pv_method_info *method = &pv_catalog__services[i]->methods[j];
            if (!has_field(method, "page_token")) { continue; }
            std::vector<IdField> ids = id_fields(method->request);
            std::vector<std::string> parents = {""};
            for (const Stored &one : Watched::objects()) {
                if (!ids.empty() && ids.front().prefix == one.object->id_prefix) {
                    parents.push_back(one.id);
                }
            }
            for (const std::string &parent : parents) {
                Json request(R"({"page_size": 1})");
                if (!parent.empty()) { request.set(ids.front().path, parent); }
                std::string token =
                    tenants.world.call(actor, method->name, request.dump()).text("next_page_token");
                if (token.empty()) { continue; }
                request.set("page_token", token);
                found.emplace_back(method, request);
                break;
            }
        }
    }
    return found;
}

bool may_not_call(const Answer &answer)
{
    return answer.reason == "NO_CERTIFICATE" || answer.reason == "ROLE_MAY_NOT_CALL" ||
           answer.reason == "GRANT_MISSING";
}

} // namespace

std::vector<std::string> page_token_faults(Tenants &tenants, size_t &ret_tried)
{
    std::vector<std::string> faults;
    for (const Caller &owner : tenants.everybody()) {
        std::vector<std::pair<const pv_method_info *, Json>> lists = paged(tenants, owner.actor);
        for (const auto &list : lists) {
            std::string own = list.first->name + std::string(" of ") + owner.name;
            if (!tenants.world.call(owner.actor, list.first->name, list.second.dump()).ok()) {
                faults.push_back(own + ": the token is not taken from its owner");
            }
            for (const Caller &other : tenants.everybody()) {
                if (other.name == owner.name) { continue; }
                Answer answer =
                    tenants.world.call(other.actor, list.first->name, list.second.dump());
                if (may_not_call(answer)) { continue; }
                ret_tried++;
                /* Who may not see what is listed is told that first. */
                if (answer.reason == "PAGE_TOKEN_INVALID" || answer.reason == "NOT_FOUND" ||
                    answer.code == PV_CODE_FAILED_PRECONDITION ||
                    answer.code == PV_CODE_INVALID_ARGUMENT) {
                    continue;
                }
                faults.push_back(own + ": the token is taken from " + other.name + ": " +
                                 answer.whole);
            }
        }
    }
    return faults;
}

std::vector<std::string> resume_token_faults(Tenants &tenants, size_t &ret_tried)
{
    std::vector<std::string> faults;
    for (const Caller &owner : tenants.everybody()) {
        if (owner.role == 0) { continue; }
        std::string token = tenants.world.call(owner.actor, "ListEvents", R"({"page_size": 1})")
                                .text("resume_token");
        std::string request = json(R"({"resume_token": "%s"})", token.c_str());
        if (!tenants.world.call(owner.actor, "ListEvents", request).ok()) {
            faults.push_back(owner.name + ": the token is not taken from its owner");
        }
        for (const Caller &other : tenants.everybody()) {
            if (other.name == owner.name || other.role == 0) { continue; }
            ret_tried++;
            std::vector<Answer> watched = tenants.world.pull(other.actor, "WatchEvents", request);
            std::string listed = tenants.world.call(other.actor, "ListEvents", request).reason;
            if (listed != "RESUME_TOKEN_INVALID" || watched.empty() ||
                watched.front().reason != "RESUME_TOKEN_INVALID") {
                faults.push_back(owner.name + ": the token is taken from " + other.name);
            }
        }
    }
    return faults;
}

/* The same request under the same request_id by an account, its other user, and others: nobody gets the answer of
 * somebody else, and the first does. */
std::vector<std::string> replay_faults(Tenants &tenants, size_t &ret_tried)
{
    std::vector<std::string> faults;
    const char *method = "CreateGroup";
    const char *request =
        R"({"name": "Same", "request_id": "00000000-1111-4222-8333-555555555555"})";
    std::vector<Caller> callers = tenants.everybody();
    callers.pop_back(); /* nobody */
    Actor colleague = tenants.world.user(tenants.first.vendor, {{"ACCOUNT", "MANAGE"}});
    callers.push_back({"A.VENDOR's other user", 0, colleague, Actor()});
    std::map<std::string, std::string> groups; /* who made it */
    for (const Caller &caller : callers) {
        Answer made = tenants.world.call(caller.actor, method, request);
        Answer again = tenants.world.call(caller.actor, method, request);
        ret_tried++;
        if (!made.ok() || made.replayed ||
            made.text("group.account_id") != caller.actor.account_id) {
            faults.push_back(caller.name + " is given the answer of another: " + made.whole +
                             made.text("group.id"));
        }
        if (!again.replayed || again.packed != made.packed) {
            faults.push_back(caller.name + " is not given its own answer again");
        }
        std::string &maker = groups[made.text("group.id")];
        if (!maker.empty()) { faults.push_back(caller.name + " is given the group of " + maker); }
        maker = caller.name;
    }
    return faults;
}

/* Callers without an identity cannot be told from each other: each gets what its own invitation gives, whatever
 * request_id others use. */
std::vector<std::string> anonymous_replay_faults(Tenants &tenants, size_t &ret_tried)
{
    std::vector<std::string> faults;
    for (const Actor &host : {tenants.first.vendor, tenants.second.vendor}) {
        std::string group = tenants.world.group(host, {{"ORDER", "VIEW"}});
        std::string token =
            tenants.world
                .call(
                    host, "InviteMembership",
                    json(R"({"name": "Guest", "email": "guest@example.com", "group_ids": ["%s"]})",
                         group.c_str()))
                .text("invitation_token");
        std::string request = json(R"({"invitation_token": "%s", "csr_pem": "csr",
                                       "request_id": "00000000-1111-4222-8333-666666666666"})",
                                   token.c_str());
        Answer enrolled = tenants.world.call(Actor(), "Enroll", request);
        Answer again = tenants.world.call(Actor(), "Enroll", request);
        ret_tried++;
        if (enrolled.text("certificate.account_id") != host.account_id) {
            faults.push_back("an invitation is not answered for itself: " + enrolled.whole);
        }
        if (again.text("certificate.id") != enrolled.text("certificate.id")) {
            faults.push_back("a repeated enrolment is another: " + again.whole);
        }
    }
    return faults;
}

} // namespace purvey
