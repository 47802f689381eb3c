#include "tests/isolation/matrix.h"

#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"
#include "tests/isolation/recipes.h"

#include <algorithm>
#include <cstring>

namespace purvey {

namespace {

constexpr int kTries = 4000;           /* requests that are tried to find one that is answered */
constexpr size_t kForeignPerState = 2; /* foreign objects of each state that are tried */

std::string joined(const std::set<std::string> &words)
{
    std::string text;
    for (const std::string &word : words) { text += (text.empty() ? "" : ",") + word; }
    return text.empty() ? "-" : text;
}

/* The answer with the id that was asked for blotted out: what may differ between two ids. */
std::string without(const std::string &id, std::string text)
{
    for (size_t at; (at = text.find(id)) != std::string::npos;) {
        text.replace(at, id.size(), "@");
    }
    return text;
}

bool has_field(const pv_method_info *method, const char *name)
{
    return pv_field_find(method->request->descriptor, pv_view_text(name)) >= 0;
}

bool writes(const pv_method_info *method)
{
    return (method->flags & PV_METHOD_WRITES) != 0;
}

/* The object that a List gives: the type of field 1 of its answer, if that is a list of objects. */
const pv_object_info *listed(const pv_method_info *method)
{
    const pv_message_info *answer = method->response;
    if (answer->descriptor->n_fields == 0 ||
        answer->descriptor->fields[0].label != PROTOBUF_C_LABEL_REPEATED) {
        return nullptr;
    }
    return answer->fields[0].message == nullptr ? nullptr : answer->fields[0].message->object;
}

/* A canonical id of no object. */
std::string absent_id(const std::string &prefix)
{
    return prefix + "_01234567890abcdefghjkmnpqr";
}

std::vector<std::string> malformed_ids(const std::string &prefix)
{
    std::string good = "01234567890abcdefghjkmnpqr";
    std::string upper = good;
    std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
    return {"x",
            prefix,
            prefix + "_",
            good,
            prefix + "_" + good.substr(1),
            prefix + "_" + good + "0",
            prefix + "_" + upper,
            "zzz_" + good,
            prefix + "_81234567890abcdefghjkmnpqr",
            prefix + "_01234567890abcdefghjkmnpqu",
            " " + prefix + "_" + good,
            prefix + "_" + good.substr(1) + "\n"};
}

} // namespace

void Matrix::fault(const pv_method_info *method, const Field &field, const std::string &caller,
                   const std::string &what)
{
    faults.push_back(std::string(method->name) + " " + field.name + " " + caller + ": " + what);
}

std::vector<Matrix::Field> Matrix::fields_of(const pv_method_info *method) const
{
    std::vector<Field> all;
    for (const IdField &one : id_fields(method->request)) {
        Field field;
        static_cast<IdField &>(field) = one;
        all.push_back(field);
    }
    const pv_object_info *object = has_field(method, "filter") ? listed(method) : nullptr;
    std::set<uint16_t> seen;
    for (uint8_t i = 0; object != nullptr && i < object->index_count; i++) {
        for (uint8_t j = 0; j < object->indexes[i].field_count; j++) {
            uint16_t number = object->indexes[i].field_indexes[j];
            const pv_field_rule *rule = object->message->fields[number].rule;
            if (rule == nullptr || rule->id_prefix == nullptr || !seen.insert(number).second) {
                continue;
            }
            Field field;
            field.path = object->message->descriptor->fields[number].name;
            field.name = "filter(" + field.path + ")";
            field.prefix = rule->id_prefix;
            field.filter = true;
            all.push_back(field);
        }
    }
    return all;
}

/* Requests to begin with: what must be there, and what the recipes say of it. */
std::vector<Json> Matrix::recipes(const pv_method_info *method)
{
    std::vector<Json> all;
    for (const std::string &text : recipes_of(method->name)) {
        Json request = fill_request(method->request, Fill::kRequired, "", tenants.canaries);
        request.merge(Json(text));
        all.push_back(request);
    }
    return all;
}

/* Objects of this kind that the caller may know, its own first: of the first supply chain and those beside it. */
std::vector<std::string> Matrix::candidates(const Caller &caller, const std::string &prefix) const
{
    std::vector<std::string> own;
    std::vector<std::string> others;
    for (const Stored &one : stored) {
        if (prefix != one.object->id_prefix) { continue; }
        if (one.has_party(caller.actor.account_id)) {
            own.push_back(one.id);
        } else if (tenants.in_first(one.parties.front())) {
            others.push_back(one.id);
        }
    }
    own.insert(own.end(), others.begin(), others.end());
    return own;
}

void Matrix::put(Json &request, const Field &field, const std::string &id)
{
    if (field.filter) {
        request.set("filter", field.path + " = \"" + id + "\"");
    } else {
        request.set(field.path, id);
    }
}

/* What a request needs beside its ids: the present etag of its object, and to leave no effect. */
void Matrix::complete(const pv_method_info *method, Json &request) const
{
    if (has_field(method, "validate_only")) { request.set("validate_only", json_true()); }
    if (!has_field(method, "etag")) { return; }
    std::string id = request.text(id_fields(method->request).front().path);
    for (const Stored &one : stored) {
        if (one.id == id) { request.set("etag", one.etag); }
    }
}

Answer Matrix::ask(const Actor &actor, const pv_method_info *method, const Json &request) const
{
    switch (method->kind) {
    case PV_METHOD_UNARY: return tenants.world.call(actor, method->name, request.dump());
    case PV_METHOD_CLIENT_STREAM:
        return tenants.world.upload(actor, method->name, {request.dump()});
    case PV_METHOD_SERVER_STREAM:
    case PV_METHOD_BIDI_STREAM: break;
    }
    std::vector<Answer> answers = tenants.world.pull(actor, method->name, request.dump());
    Answer all = answers.empty() ? Answer() : answers.back();
    for (size_t i = 0; i + 1 < answers.size(); i++) { all.packed += answers[i].packed; }
    return all;
}

/* One word for an answer. What is wrong with a record of a stream is in the answer. */
std::string Matrix::outcome(const Answer &answer)
{
    std::string problem = answer.ok() ? answer.text("refused.0.problems.0.code") : "";
    return !problem.empty() ? problem.substr(sizeof "USAGE_PROBLEM_CODE_" - 1)
           : answer.ok()    ? "OK"
                            : answer.reason;
}

/* Tries what the caller may know in every place from this one on, until it is answered. */
bool Matrix::search(const Caller &caller, const pv_method_info *method, Base &base, size_t place,
                    int &budget)
{
    if (place < base.places.size()) {
        for (const std::string &id : candidates(caller, base.places[place].prefix)) {
            put(base.request, base.places[place], id);
            if (search(caller, method, base, place + 1, budget)) { return true; }
            if (budget <= 0) { return false; }
        }
        return false;
    }
    complete(method, base.request);
    base.outcome = outcome(ask(caller.actor, method, base.request));
    base.served = base.outcome == "OK";
    budget--;
    return base.served;
}

/* A request of the caller with an id of its own in the field that is answered, or the last that was tried. */
Matrix::Base Matrix::base_for(const Caller &caller, const pv_method_info *method,
                              const Field &field)
{
    Base base;
    int budget = kTries;
    std::vector<Json> forms = recipes(method);
    std::stable_partition(forms.begin(), forms.end(),
                          [&](const Json &form) { return form.text(field.path) == "?"; });
    for (const Json &form : forms) {
        std::vector<std::pair<std::string, std::string>> none = {{"", ""}};
        std::map<std::string, std::vector<std::string>> enums = required_enums(method->request);
        std::vector<Json> variants = {form};
        for (const auto &one : enums) {
            if (Json(recipes_of(method->name).front()).get(one.first) != nullptr) { continue; }
            std::vector<Json> more;
            for (const Json &variant : variants) {
                for (const std::string &value : one.second) {
                    more.push_back(variant.copy());
                    more.back().set(one.first, value);
                }
            }
            variants = more;
        }
        for (const Json &variant : variants) {
            base.request = variant;
            base.places.clear();
            for (const Field &one : fields_of(method)) {
                bool wanted =
                    one.required || one.name == field.name || variant.text(one.path) == "?";
                if (wanted && !(one.filter && one.name != field.name)) {
                    base.places.push_back(one);
                }
            }
            if (search(caller, method, base, 0, budget)) { return base; }
        }
    }
    return base;
}

/* An id that names nothing, and those of others. They are told apart by nothing: not by a byte, not by the number of
 * look-ups; and they change nothing. */
std::string Matrix::absent_and_foreign(const Caller &caller, const pv_method_info *method,
                                       const Base &base, const Field &field)
{
    Json request = base.request.copy();
    const pv_field_rule *rule = nullptr;
    bool introduces = false;
    for (unsigned i = 0; i < method->request->descriptor->n_fields; i++) {
        rule = method->request->fields[i].rule;
        bool named = field.path == method->request->descriptor->fields[i].name;
        introduces =
            introduces || (named && rule != nullptr && (rule->flags & PV_RULE_INTRODUCES) != 0);
    }
    if (writes(method) && !introduces && !dry && has_field(method, "validate_only")) {
        request.set("validate_only", json_false());
    }
    auto probe = [&](const std::string &id, uint64_t &ret_reads, bool validate) {
        Json asked = request.copy();
        put(asked, field, id);
        if (validate && has_field(method, "validate_only")) {
            asked.set("validate_only", json_true());
        }
        uint64_t before = Watched::reads();
        Answer answer = ask(caller.actor, method, asked);
        ret_reads = Watched::reads() - before;
        return answer;
    };
    /* A stream that is answered may tell what is wrong with a record, and has stored others. */
    bool streams = writes(method) && !has_field(method, "validate_only");
    auto told = [&](const std::string &id, const Answer &answer) {
        bool stored_some = streams && answer.ok();
        return without(id, stored_some ? answer.text("refused") : answer.whole + answer.packed);
    };
    std::string state = Watched::digest();
    std::string nothing = absent_id(field.prefix);
    uint64_t reads = 0;
    Answer none = probe(nothing, reads, false);
    std::string expected = told(nothing, none);
    std::set<std::string> shown;
    std::map<std::string, size_t> tried;
    size_t foreign = 0;
    for (const Stored &one : stored) {
        if (field.prefix != one.object->id_prefix || one.has_party(caller.actor.account_id)) {
            continue;
        }
        if (field.filter && named_in_own(caller, one.id)) { continue; }
        if (method->name == std::string("ListAuditEntries") && named_in_trail(caller, one.id)) {
            continue;
        }
        bool may_be_shown =
            tenants.in_first(one.parties.front()) && (one.object->shown_to >> caller.role & 1) != 0;
        std::string group = one.state + (may_be_shown                            ? "+"
                                         : tenants.in_first(one.parties.front()) ? "~"
                                                                                 : "");
        if (tried[group]++ >= kForeignPerState && !may_be_shown) { continue; }
        uint64_t foreign_reads = 0;
        Answer answer = probe(one.id, foreign_reads, may_be_shown);
        bool same = told(one.id, answer) == expected;
        if (may_be_shown && !same) { shown.insert(outcome(answer)); }
        if (may_be_shown && answer.reason != "NOT_FOUND") { continue; }
        foreign++;
        if (!same && !introduces) {
            fault(method, field, caller.name,
                  one.id + " (" + one.state +
                      ") of others is told from one that is not there:\n    " +
                      without(one.id, answer.whole) + "\n    " + without(nothing, none.whole));
        }
        if (introduces && outcome(answer) != "OK" && !same) {
            fault(method, field, caller.name, "tells more than that it exists: " + answer.whole);
        }
        if (same && !streams && !may_be_shown && foreign_reads != reads) {
            fault(method, field, caller.name,
                  one.id + " of others costs " + std::to_string(foreign_reads) +
                      " look-ups, one that is not there " + std::to_string(reads));
        }
    }
    if (!streams && Watched::digest() != state) {
        fault(method, field, caller.name, "the store has changed");
    }
    std::string word = outcome(none);
    return "  shown=" + joined(shown) + "  foreign=" +
           (foreign == 0 ? "-"
            : introduces ? "OK," + word
                         : word) +
           "  absent=" + word;
}

/* Whether an object of the caller's own names the id: then a list of its own objects may be filtered by it. */
bool Matrix::named_in_own(const Caller &caller, const std::string &id) const
{
    return std::any_of(stored.begin(), stored.end(), [&](const Stored &one) {
        return one.has_party(caller.actor.account_id) && one.bytes.find(id) != std::string::npos;
    });
}

/* Whether the caller's own audit trail names the id, which it may then be filtered by: somebody else did something to
 * what is its own. */
bool Matrix::named_in_trail(const Caller &caller, const std::string &id) const
{
    return tenants.world.call(caller.actor, "ListAuditEntries", R"({"page_size": 1000})")
               .packed.find(id) != std::string::npos;
}

std::string Matrix::malformed(const Caller &caller, const pv_method_info *method, const Base &base,
                              const Field &field)
{
    std::set<std::string> words;
    std::string state = Watched::digest();
    for (const std::string &id : malformed_ids(field.prefix)) {
        Json request = base.request.copy();
        put(request, field, id);
        Answer answer = ask(caller.actor, method, request);
        words.insert(outcome(answer));
        if (!field.ruled) { continue; }
        bool named = !answer.violations.empty() && answer.violations.front().first == field.name;
        if (answer.code != PV_CODE_INVALID_ARGUMENT || !named) {
            fault(method, field, caller.name,
                  "\"" + id + "\" is not refused by name: " + answer.whole);
        }
    }
    if (writes(method) && field.ruled && Watched::digest() != state) {
        fault(method, field, caller.name, "a malformed id has changed the store");
    }
    return "  malformed=" + joined(words);
}

std::string Matrix::row(const Caller &caller, const pv_method_info *method, const Field &field)
{
    Base base = base_for(caller, method, field);
    if (writes(method) && !has_field(method, "validate_only")) { stored = Watched::objects(); }
    std::set<std::string> party;
    for (const Stored &one : stored) {
        if (field.prefix != one.object->id_prefix || !one.has_party(caller.actor.account_id)) {
            continue;
        }
        Json request = base.request.copy();
        put(request, field, one.id);
        complete(method, request);
        party.insert(outcome(ask(caller.actor, method, request)));
    }
    return "own=" + (base.outcome.empty() ? "-" : base.outcome) + "  party=" + joined(party) +
           absent_and_foreign(caller, method, base, field) + malformed(caller, method, base, field);
}

/* Who may not call at all is told so whatever it asks for. "" if it may. */
std::string Matrix::refused_row(const Caller &caller, const pv_method_info *method,
                                const Field &field)
{
    std::vector<std::string> ids = malformed_ids(field.prefix);
    ids.push_back(absent_id(field.prefix));
    for (const Stored &one : stored) {
        if (field.prefix == one.object->id_prefix && ids.size() < 40) { ids.push_back(one.id); }
    }
    std::set<std::string> answers;
    std::string reason;
    for (const std::string &id : ids) {
        Json request = recipes(method).front();
        put(request, field, id);
        Answer answer = ask(caller.actor, method, request);
        reason = answer.reason;
        answers.insert(answer.whole);
        bool may = reason != "ROLE_MAY_NOT_CALL" && reason != "GRANT_MISSING" &&
                   reason != "NO_CERTIFICATE";
        if (may) { return ""; }
    }
    if (answers.size() != 1) {
        fault(method, field, caller.name, "a caller without rights learns of ids");
    }
    return "every=" + reason;
}

std::vector<std::string> Matrix::rows(const pv_method_info *method)
{
    std::vector<std::string> lines;
    stored = Watched::objects();
    for (const Field &field : fields_of(method)) {
        bool served = false;
        bool idle_done = false;
        auto add = [&](const Caller &caller, const std::string &text) {
            char line[200];
            snprintf(line, sizeof line, "  %-30s %-26s %-14s ", method->name, field.name.c_str(),
                     caller.name.c_str());
            lines.push_back(line + text);
        };
        for (const Caller &caller : tenants.callers()) {
            std::string text = refused_row(caller, method, field);
            bool called = text.empty();
            if (called) { text = row(caller, method, field); }
            add(caller, text);
            served = served || text.find("own=OK") == 0;
            if (!called || idle_done || caller.idle.sha256.empty()) { continue; }
            idle_done = true;
            Caller idle = {"(no groups)", caller.role, caller.idle, Actor()};
            std::string without_groups = refused_row(idle, method, field);
            if (without_groups.empty()) { fault(method, field, idle.name, "is let in"); }
            add(idle, without_groups);
        }
        Caller nobody = {"(no certificate)", 0, Actor(), Actor()};
        std::string refused = refused_row(nobody, method, field);
        if (refused.empty() && (method->flags & PV_METHOD_PUBLIC) == 0) {
            fault(method, field, nobody.name, "is let in");
        }
        add(nobody, refused);
        if (!served) {
            fault(method, field, "",
                  "no request is answered: the world or a recipe lacks something");
        }
    }
    return lines;
}

} // namespace purvey
