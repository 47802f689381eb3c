#include "tests/isolation/interference.h"

#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"
#include "purvey/common/v1/vocabulary.pv.h"
#include "purvey/usage/v1/usage_report.pv.h"
#include "server/flows/usage/ledger.h"

#include <algorithm>
#include <cstring>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 64 * 1024 * 1024;
constexpr int kPageSize = 3;
constexpr uint32_t kGenerations = 4; /* uploads of a report by the script, and some */

bool has_field(const pv_method_info *method, const char *name)
{
    return pv_field_find(method->request->descriptor, pv_view_text(name)) >= 0;
}

/* Asks one question, page after page. */
class Reader {
  public:
    Reader(Tenants &in, const Actor &as, std::vector<Seen> &into)
        : tenants(in), observer(as), seen(into)
    {
    }

    void ask(const pv_method_info *method, const Json &asked_for)
    {
        Json request = asked_for.copy();
        if (has_field(method, "page_size")) { request.set("page_size", json_integer(kPageSize)); }
        std::string asked = std::string(method->name) + " " + request.dump();
        std::string next;
        do {
            Answer answer = method->kind == PV_METHOD_UNARY
                                ? tenants.world.call(observer, method->name, request.dump())
                                : stream(method, request, asked);
            seen.push_back({asked, answer.whole + bytes_of(method, answer), answer.ok()});
            next = has_field(method, "page_token") ? answer.text("next_page_token") : "";
            if (!next.empty()) { request.set("page_token", next); }
        } while (!next.empty());
    }

    /* What may hang on the name that a client has connected to. */
    void ask_by_each_name(const pv_method_info *method)
    {
        for (const std::string &name : tenants.domains) {
            tenants.world.names.authority = name;
            ask(method, Json());
        }
        tenants.world.names = Names();
    }

  private:
    Answer stream(const pv_method_info *method, const Json &request, const std::string &asked)
    {
        std::vector<Answer> answers = tenants.world.pull(observer, method->name, request.dump());
        for (size_t i = 0; i + 1 < answers.size(); i++) {
            seen.push_back({asked, answers[i].packed, true});
        }
        return answers.empty() ? Answer() : answers.back();
    }

    /* The operator may read whole trails, with what they tell of objects that it is a party of. Their hashes are made
     * of nothing else, and differ with it. */
    std::string bytes_of(const pv_method_info *method, const Answer &answer) const
    {
        bool trail = strcmp(method->service, "purvey.audit.v1.AuditService") == 0;
        bool reads_others = observer.account_id == tenants.world.platform().account_id;
        if (!trail || !reads_others || answer.json == nullptr) { return answer.packed; }
        Json shown(Json::of(answer.json.get()));
        shown.remove_everywhere("hash");
        shown.remove_everywhere("previous_hash");
        return shown.dump();
    }

    Tenants &tenants;
    const Actor &observer;
    std::vector<Seen> &seen;
};

/* The texts that a List can be filtered by. */
std::vector<std::string> indexed_texts(const pv_method_info *method)
{
    std::set<std::string> names;
    const pv_object_info *object = method->response->descriptor->n_fields == 0 ||
                                           method->response->fields[0].message == nullptr
                                       ? nullptr
                                       : method->response->fields[0].message->object;
    for (uint8_t i = 0; object != nullptr && i < object->index_count; i++) {
        for (uint8_t j = 0; j < object->indexes[i].field_count; j++) {
            const ProtobufCFieldDescriptor &field =
                object->message->descriptor->fields[object->indexes[i].field_indexes[j]];
            if (field.type == PROTOBUF_C_TYPE_STRING) { names.insert(field.name); }
        }
    }
    return {names.begin(), names.end()};
}

} // namespace

std::vector<Seen> look_around(Tenants &tenants, const Actor &observer, bool filters)
{
    std::vector<Seen> seen;
    std::vector<Stored> stored = Watched::objects();
    Reader reader(tenants, observer, seen);
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
            const pv_method_info *method = &pv_catalog__services[i]->methods[j];
            if ((method->flags & PV_METHOD_WRITES) != 0) { continue; }
            std::vector<IdField> ids = id_fields(method->request);
            bool demands = !ids.empty() && ids.front().required;
            if ((method->flags & PV_METHOD_PUBLIC) != 0) { reader.ask_by_each_name(method); }
            Json plain = fill_request(method->request, Fill::kRequired, observer.account_id,
                                      tenants.canaries);
            if (!demands) { reader.ask(method, plain); }
            for (const Stored &one : stored) {
                if (ids.empty() || ids.front().prefix != one.object->id_prefix) { continue; }
                Json request = plain.copy();
                request.set(ids.front().path, one.id);
                reader.ask(method, request);
            }
            if (!filters || !has_field(method, "filter") || demands) { continue; }
            for (const std::string &field : indexed_texts(method)) {
                for (const char *bound : {" > \"zqm\"", " <= \"zqm\""}) {
                    Json request;
                    request.set("filter", field + bound);
                    reader.ask(method, request);
                }
            }
        }
    }
    return seen;
}

namespace {

/* Visits the text fields of a message and its parts: their names behind the object's, and what they hold. */
template <typename Visit>
void each_text(const pv_message_info *info, const ProtobufCMessage *message,
               const std::string &path, Visit visit)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor &field = info->descriptor->fields[i];
        std::string name = path + "." + field.name;
        bool list = field.label == PROTOBUF_C_LABEL_REPEATED;
        size_t count = pv_field_count(message, &field);
        for (size_t k = 0; k < count; k++) {
            if (field.type == PROTOBUF_C_TYPE_STRING) {
                visit(name, list ? pv_field_string_at(message, &field, k)
                                 : pv_field_string(message, &field));
            } else if (field.type == PROTOBUF_C_TYPE_MESSAGE) {
                each_text(info->fields[i].message,
                          list ? pv_field_message_at(message, &field, k)
                               : pv_field_message(message, &field),
                          name, visit);
            }
        }
    }
}

/* The canaries of an object, with the names of the fields they stand in: "Item[DRAFT].name". */
template <typename Visit> void each_canary(const Stored &one, Visit visit)
{
    pv_arena *arena = pv_arena_create(kArenaBytes);
    ProtobufCMessage *message = nullptr;
    pv_view bytes = pv_view_of(one.bytes.data(), one.bytes.size());
    PV_ASSERT(pv_message_unpack(one.object->message, bytes, arena, &message));
    std::string name =
        strrchr(one.object->name, '.') + 1 + (one.state.empty() ? "" : "[" + one.state + "]");
    each_text(one.object->message, message, name, [&](const std::string &field, const char *text) {
        for (const std::string &canary : Canaries::in(text)) { visit(canary, field); }
    });
    pv_arena_destroy(arena);
}

/* Whether the row of usage holds records of the report, of whatever upload. */
bool holds_records_of(const Block &block, const Stored &report)
{
    pv_id id;
    PV_ASSERT(pv_id_parse(report.object->id_prefix, pv_view_text(report.id.c_str()), &id));
    for (uint32_t generation = 0; generation < kGenerations; generation++) {
        if (pv_id_equal(block.owner, usage_block_owner(id, generation))) { return true; }
    }
    return false;
}

} // namespace

void Places::note(const Tenants &tenants)
{
    std::vector<Block> blocks = Watched::blocks();
    for (const Stored &one : Watched::objects()) {
        /* Records are read by the parties of their report. */
        for (const Block &block : blocks) {
            if (one.object != &pv_usage_report__object || !holds_records_of(block, one)) {
                continue;
            }
            for (const std::string &canary : Canaries::in(block.bytes)) {
                places[canary].parties.insert(one.parties.begin(), one.parties.end());
            }
        }
        if (!noted.insert(one.id + one.etag).second) { continue; }
        bool in_first = tenants.in_first(one.parties.front());
        bool of_platform = one.parties.front() == tenants.world.platform().account_id;
        auto place = [&](const std::string &what) {
            places[what].parties.insert(one.parties.begin(), one.parties.end());
            places[what].shown_to[in_first] |= one.object->shown_to;
            if (of_platform) { places[what].shown_to[true] |= one.object->shown_to; }
        };
        each_canary(one, [&](const std::string &canary, const std::string &) { place(canary); });
        for (const std::string &id : ids_in(one.id + " " + one.bytes)) { place(id); }
    }
}

void Places::settle()
{
    for (const Stored &one : Watched::objects()) {
        each_canary(one, [&](const std::string &canary, const std::string &field) {
            places[canary].fields.insert(field);
        });
    }
}

/* What is told to whoever asks, certificate or not: a brand that is published, under its domain. */
static bool is_public(const std::set<std::string> &fields)
{
    return std::any_of(fields.begin(), fields.end(), [](const std::string &field) {
        return field.compare(0, 16, "Brand[PUBLISHED]") == 0 || field == "Domain[VERIFIED].name";
    });
}

bool Places::is_party(const std::string &canary, const std::string &account_id) const
{
    auto found = places.find(canary);
    return found != places.end() && found->second.parties.count(account_id) != 0;
}

bool Places::may_be_shown(const std::string &canary, bool in_first, int role) const
{
    auto found = places.find(canary);
    if (role == 0) { return found != places.end() && is_public(found->second.fields); }
    return found != places.end() && (found->second.shown_to[in_first] >> role & 1) != 0;
}

const std::set<std::string> &Places::fields(const std::string &canary) const
{
    static const std::set<std::string> none;
    auto found = places.find(canary);
    return found == places.end() ? none : found->second.fields;
}

Survey::Survey(char variant, const std::string &secret,
               const std::function<void(Tenants &)> &before_reading)
    : tenants(variant, secret, [this](const Tenants &now) { places.note(now); })
{
    places.settle();
    if (before_reading) { before_reading(tenants); }
    for (const auto &one : tenants.everybody()) {
        const std::string &hidden = tenants.canaries.secret_account;
        if (!hidden.empty() && one.actor.account_id == hidden) { continue; }
        Observer observer = {one.name, one.role, one.actor, {}};
        for (const auto &step : tenants.transcript) {
            if (step.first == one.actor.account_id) {
                observer.seen.push_back({"a step of the script", step.second, true});
            }
        }
        bool stranger = one.name.compare(0, 2, "B.") == 0;
        std::vector<Seen> seen = look_around(tenants, one.actor, stranger);
        observer.seen.insert(observer.seen.end(), seen.begin(), seen.end());
        observers.push_back(observer);
    }
}

namespace {

std::string joined(const std::set<std::string> &words, const char *between)
{
    std::string text;
    for (const std::string &word : words) { text += (text.empty() ? "" : between) + word; }
    return text;
}

/* The bytes with each secret of the one world replaced by that of the other. */
std::string translated(std::string bytes, const Canaries &from, const Canaries &to)
{
    for (const std::string &canary : Canaries::in(bytes)) {
        if (!from.is_secret(canary)) { continue; }
        std::string other = Canaries::counterpart(canary, to);
        for (size_t at = 0; (at = bytes.find(canary, at)) != std::string::npos;
             at += other.size()) {
            bytes.replace(at, canary.size(), other);
        }
    }
    return bytes;
}

} // namespace

std::vector<std::string> interference(const Survey &one, const Survey &other)
{
    std::vector<std::string> faults;
    const Canaries &secrets = one.tenants.canaries;
    for (size_t i = 0; i < one.observers.size(); i++) {
        const Survey::Observer &here = one.observers[i];
        const Survey::Observer &there = other.observers[i];
        bool in_first = one.tenants.in_first(here.actor.account_id);
        if (here.seen.size() != there.seen.size()) {
            faults.push_back(here.name + " is answered more in one world");
        }
        for (size_t k = 0; k < here.seen.size() && k < there.seen.size(); k++) {
            const Seen &seen = here.seen[k];
            for (const std::string &canary : Canaries::in(seen.bytes)) {
                bool declared = one.places.is_party(canary, here.actor.account_id) ||
                                one.places.may_be_shown(canary, in_first, here.role);
                if (!secrets.is_secret(canary) || declared) { continue; }
                faults.push_back(here.name + " reads the secret " +
                                 joined(one.places.fields(canary), " = ") + " by " + seen.question);
            }
            if (translated(seen.bytes, secrets, other.tenants.canaries) != there.seen[k].bytes) {
                faults.push_back(here.name + " tells the worlds apart by " + seen.question);
            }
        }
    }
    return faults;
}

std::vector<std::string> strange_ids(const Survey &survey)
{
    std::vector<std::string> faults;
    for (const Survey::Observer &observer : survey.observers) {
        bool in_first = survey.tenants.in_first(observer.actor.account_id);
        for (const Seen &seen : observer.seen) {
            for (const std::string &id : ids_in(seen.bytes)) {
                /* Events and trails say who acted, trails also whom an account has invited into another; and the
                 * operator may read trails. */
                bool trail = seen.question.compare(0, 16, "ListAuditEntries") == 0 ||
                             seen.question.compare(0, 13, "GetAuditEntry") == 0;
                bool actor = id.compare(0, 4, "usr_") == 0 ||
                             (trail && id.compare(0, 4, "crt_") == 0) ||
                             (trail && id.compare(0, 4, "mem_") == 0);
                bool reads_trails = trail && observer.role == PV_ACCOUNT_TYPE_OPERATOR;
                bool known = actor || reads_trails || seen.question.find(id) != std::string::npos ||
                             survey.places.is_party(id, observer.actor.account_id) ||
                             survey.places.may_be_shown(id, in_first, observer.role);
                if (!known) {
                    faults.push_back(observer.name + " is given " + id + " by " + seen.question);
                }
            }
        }
    }
    return faults;
}

std::vector<std::string> shown_fields(const Survey &run, std::vector<std::string> &faults)
{
    std::map<std::string, std::set<std::string>> seen_by;
    for (const Survey::Observer &observer : run.observers) {
        for (const Seen &seen : observer.seen) {
            for (const std::string &canary : Canaries::in(seen.bytes)) {
                if (run.places.is_party(canary, observer.actor.account_id)) { continue; }
                seen_by[joined(run.places.fields(canary), " = ")].insert(role_name(observer.role));
                bool in_first = run.tenants.in_first(observer.actor.account_id);
                if (!run.places.may_be_shown(canary, in_first, observer.role)) {
                    faults.push_back(observer.name + " reads undeclared text " + canary + " by " +
                                     seen.question);
                }
            }
        }
    }
    std::vector<std::string> lines;
    for (const Survey::Observer &observer : run.observers) {
        std::map<std::string, std::set<std::string>> given; /* ids, by the prefix */
        for (const Seen &seen : observer.seen) {
            if (!seen.served) { continue; }
            for (const std::string &id : ids_in(seen.bytes)) {
                if (run.places.is_party(id, observer.actor.account_id)) { continue; }
                given[id.substr(0, id.find('_'))].insert(id);
            }
        }
        std::string line = observer.name + ":";
        for (const auto &kind : given) {
            line += " " + kind.first + " " + std::to_string(kind.second.size());
        }
        lines.push_back(line);
    }
    lines.push_back("");
    for (const auto &field : seen_by) {
        lines.push_back(field.first + "  " + joined(field.second, ","));
    }
    return lines;
}

} // namespace purvey
