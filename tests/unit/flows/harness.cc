#include "tests/unit/flows/harness.h"

#include "base/digest.h"
#include "protos/runtime/json.h"
#include "protos/runtime/message.h"
#include "protos/runtime/step.h"
#include "purvey/catalog.pv.h"
#include "purvey/event/v1/event.pv.h"
#include "server/identity/bootstrap.h"
#include "server/identity/identity.h"
#include "server/served.h"
#include "storage/feed.h"
#include "storage/memory/memory.h"
#include "storage/record.h"
#include "tests/unit/flows/fake_signer.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <unistd.h>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 64 * 1024 * 1024;
const char kTrustDomain[] = "test.purvey";

/* A call as this carrier sees it; the exchange is the first member. */
struct Carried {
    pv_exchange exchange;
    pv_status status;
    bool done;
    bool replayed;
};

Carried *carried_of(pv_call *call)
{
    return reinterpret_cast<Carried *>(call);
}

void done(pv_call *call, pv_status status)
{
    carried_of(call)->status = status;
    carried_of(call)->done = true;
}

bool trailer(pv_call *call, const char *key, const char *)
{
    if (std::string(key) == "replayed") { carried_of(call)->replayed = true; }
    return true;
}

std::string hex(const uint8_t *digest)
{
    char text[2 * PV_SHA256_SIZE + 1];
    pv_hex_format(pv_view_of(digest, PV_SHA256_SIZE), text);
    return text;
}

/* A small generator with a fixed start: the same ids in every run. */
void random_bytes(void *context, uint8_t *bytes, size_t size)
{
    uint64_t &state = *static_cast<uint64_t *>(context);
    for (size_t i = 0; i < size; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = static_cast<uint8_t>(state >> 56);
    }
}

pv_time read_clock(void *context)
{
    return *static_cast<pv_time *>(context);
}

} // namespace

struct World::State {
    pv_store *store = nullptr;
    pv_identity *identity = nullptr;
    pv_pipeline *pipeline = nullptr;
    FakeSigner signer;
    pv_resolver resolver = {};
    pv_time now = {INT64_C(1764547200) * PV_NS_PER_S};
    uint64_t random = 1;
    uint64_t requests = 0;
    uint8_t token_key[32] = {};
    Actor platform;
    std::map<std::string, uint64_t>
        recorded; /* per account: last event of its feed that was recorded */

    const pv_method_info *method(const std::string &name, const pv_handler **ret_handler) const
    {
        for (size_t i = 0; i < pv_served_count; i++) {
            const pv_service_info *info = pv_served[i]->info;
            for (size_t j = 0; j < info->method_count; j++) {
                if (name == info->methods[j].name) {
                    *ret_handler = &pv_served[i]->handlers[j];
                    return &info->methods[j];
                }
            }
        }
        fprintf(stderr, "no method %s\n", name.c_str());
        abort();
    }
};

namespace {

std::set<std::string> &seen_set()
{
    static std::set<std::string> names;
    return names;
}

/* Carries one call through the pipeline. */
class Carrier {
  public:
    Carrier(pv_pipeline *of, const Actor &actor, const pv_method_info *method,
            const pv_handler *handler, const Names &by)
        : pipeline(of), arena(pv_arena_create(kArenaBytes)), scratch(arena), names(by)
    {
        if (method->kind != PV_METHOD_UNARY) { scratch = pv_arena_create(kArenaBytes); }
        pv_exchange_init(&carried.exchange, method, handler, arena, scratch);
        peer.address = "test";
        peer.server_name = names.authority.c_str();
        peer.tls_server_name = names.tls.c_str();
        peer.has_certificate = !actor.sha256.empty();
        for (size_t i = 0; i < actor.sha256.size() / 2; i++) {
            peer.certificate_sha256[i] = static_cast<uint8_t>(
                std::strtoul(actor.sha256.substr(2 * i, 2).c_str(), nullptr, 16));
        }
        call()->peer = &peer;
    }

    ~Carrier()
    {
        pv_pipeline_release(pipeline, call());
        if (scratch != arena) { pv_arena_destroy(scratch); }
        pv_arena_destroy(arena);
    }

    Carrier(const Carrier &) = delete;
    Carrier &operator=(const Carrier &) = delete;

    pv_call *call() { return &carried.exchange.call; }
    pv_step step() const { return carried.exchange.step; }

    pv_status admit() { return pv_pipeline_admit(pipeline, call()); }

    bool done() const { return carried.done; }
    pv_status status() const { return carried.status; }

    /* One step; `bytes` must live until the next one. */
    pv_status run(pv_phase phase, pv_view bytes)
    {
        begin(phase, bytes);
        if (!carried.done) { pv_pipeline_commit(pipeline); }
        PV_ASSERT(carried.done);
        return carried.status;
    }

    /* The same, but a write is left in the queue. */
    void begin(pv_phase phase, pv_view bytes)
    {
        if (scratch != arena) { pv_arena_reset(scratch); }
        if (phase == PV_PHASE_UNARY || phase == PV_PHASE_RECEIVE || bytes.data != nullptr) {
            pv_exchange_receive(&carried.exchange, phase, bytes);
        }
        carried.exchange.phase = phase;
        carried.done = false;
        call()->reply = pv_view_of(nullptr, 0);
        pv_pipeline_run(pipeline, call());
    }

    Answer answer(pv_status status)
    {
        Answer result;
        const pv_error &error = call()->error;
        result.code = status.code;
        result.replayed = carried.replayed;
        if (!pv_is_ok(status)) {
            result.reason = error.reason == nullptr ? "" : error.reason->name;
            result.message = error.message != nullptr  ? error.message
                             : error.reason == nullptr ? ""
                                                       : error.reason->text;
            for (size_t i = 0; i < error.metadata_count; i++) {
                result.metadata.emplace_back(error.metadata[i].key, error.metadata[i].value);
            }
            for (size_t i = 0; i < error.violation_count; i++) {
                result.violations.emplace_back(error.violations[i].subject,
                                               error.violations[i].description);
            }
            result.whole = dump(status, result.message);
        } else if (call()->reply.data != nullptr) {
            result.packed.assign(reinterpret_cast<const char *>(call()->reply.data),
                                 call()->reply.size);
            result.json = print(call()->reply);
        }
        seen_set().insert(std::string(call()->method->name) + " " +
                          (result.ok() ? "OK" : result.reason));
        return result;
    }

  private:
    std::string dump(pv_status status, const std::string &message)
    {
        const pv_error &error = call()->error;
        auto text = [](const char *of) { return std::string(of == nullptr ? "-" : of); };
        std::string all = pv_code_name(status.code);
        all += "|" + text(error.reason == nullptr ? nullptr : error.reason->name) + "|" + message;
        for (size_t i = 0; i < error.metadata_count; i++) {
            all += "|" + text(error.metadata[i].key) + "=" + text(error.metadata[i].value);
        }
        for (size_t i = 0; i < error.violation_count; i++) {
            const pv_error_violation &one = error.violations[i];
            all += "|" + text(one.type) + " " + text(one.subject) + ": " + text(one.description);
        }
        all += "|" + text(error.resource_type) + " " + text(error.resource_name);
        return all + "|" + std::to_string(error.retry_after_ms) + "|" +
               std::to_string(error.dropped);
    }

    std::shared_ptr<json_t> print(pv_view reply)
    {
        pv_error error;
        pv_error_init(&error, arena);
        ProtobufCMessage *message = nullptr;
        pv_status decoded =
            pv_message_decode(call()->method->response, reply, arena, &error, &message);
        PV_ASSERT(pv_is_ok(decoded));
        json_t *value = nullptr;
        pv_status printed =
            pv_json_of_message(call()->method->response, message, nullptr, &error, &value);
        PV_ASSERT(pv_is_ok(printed));
        return std::shared_ptr<json_t>(value, json_decref);
    }

    pv_pipeline *pipeline;
    pv_arena *arena;
    pv_arena *scratch;
    Names names;
    pv_peer peer = {};
    Carried carried = {};
};

/* The request of a JSON text, packed; adds a request_id where the message has one and the text has none. */
std::string pack(const pv_method_info *method, const std::string &text, uint64_t *requests)
{
    json_error_t where;
    json_t *value = json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &where);
    if (value == nullptr) {
        fprintf(stderr, "bad JSON in a test: %s: %s\n", where.text, text.c_str());
        abort();
    }
    bool has_id = pv_field_find(method->request->descriptor, pv_view_text("request_id")) >= 0;
    if (has_id && json_object_get(value, "request_id") == nullptr) {
        char id[37];
        snprintf(id, sizeof id, "00000000-0000-4000-8000-%012llx",
                 static_cast<unsigned long long>(++*requests));
        json_object_set_new(value, "request_id", json_string(id));
    }
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = nullptr;
    pv_status parsed = pv_json_to_message(method->request, value, nullptr, arena, &error, &message);
    if (!pv_is_ok(parsed)) {
        fprintf(stderr, "a test's JSON is no %s: %s: %s\n", method->request->descriptor->name,
                error.message == nullptr ? "" : error.message, text.c_str());
        abort();
    }
    pv_view bytes;
    PV_ASSERT(pv_message_encode(message, arena, &bytes));
    std::string packed(reinterpret_cast<const char *>(bytes.data), bytes.size);
    json_decref(value);
    pv_arena_destroy(arena);
    return packed;
}

pv_view view_of(const std::string &bytes)
{
    return pv_view_of(bytes.data(), bytes.size());
}

} // namespace

World::World(uint32_t attempts_per_minute) : state(new State)
{
    state->store = opener()();
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_error error;
    pv_error_init(&error, arena);
    pv_id_source ids = {random_bytes, &state->random, {{0}}};
    pv_bootstrap_options options = {};
    options.trust_domain = kTrustDomain;
    options.operator_name = "Operator";
    options.user_name = "First";
    options.user_email = "";
    options.csr = pv_view_text("csr");
    options.lifetime_days = 398;
    options.now = state->now;
    options.ids = &ids;
    pv_bootstrapped made = {};
    PV_ASSERT(pv_is_ok(
        pv_bootstrap(state->store, &state->signer.signer, &options, arena, &error, &made)));
    uint8_t digest[PV_SHA256_SIZE];
    pv_sha256(pv_view_text(made.certificate_id), digest);
    state->platform =
        Actor{made.account_id, made.user_id, made.membership_id, made.certificate_id, hex(digest)};
    PV_ASSERT(pv_is_ok(pv_identity_create(state->store, &error, &state->identity)));
    pv_arena_destroy(arena);

    pv_pipeline_config config = {};
    config.store = state->store;
    config.identity = state->identity;
    config.authority = &state->signer.signer;
    config.attempts_per_minute = attempts_per_minute;
    config.server_root_sha256 = pv_view_text("a digest of the server's root");
    state->resolver = {resolve, this};
    config.resolver = &state->resolver;
    config.services = pv_catalog__services;
    config.service_count = pv_catalog__service_count;
    config.token_key = pv_view_of(state->token_key, sizeof state->token_key);
    config.clock = read_clock;
    config.clock_context = &state->now;
    config.random = random_bytes;
    config.random_context = &state->random;
    config.done = done;
    config.trailer = trailer;
    config.wake_context = this;
    config.identity_changed = [](void *world, pv_id account) {
        char id[PV_ID_TEXT_SIZE];
        pv_id_format("acc", account, id);
        static_cast<World *>(world)->told.insert(id);
    };
    config.chore.method = state->method("ExpireInvitations", &config.chore.handler);
    config.retention = {kKeepDays * kDayMs, kKeepDays * kDayMs, kKeepDays * kDayMs};
    state->pipeline = pv_pipeline_create(&config);
}

World::~World()
{
    pv_pipeline_destroy(state->pipeline);
    pv_identity_destroy(state->identity);
    pv_store_close(state->store);
}

std::function<pv_store *()> &World::opener()
{
    static std::function<pv_store *()> open = [] {
        pv_store *store = nullptr;
        PV_ASSERT(pv_is_ok(pv_memory_open(nullptr, &store)));
        return store;
    };
    return open;
}

const Actor &World::platform() const
{
    return state->platform;
}
void World::advance(int64_t milliseconds)
{
    state->now.utc_ns += milliseconds * PV_NS_PER_MS;
}
pv_time World::now() const
{
    return state->now;
}
const std::set<std::string> &World::seen()
{
    return seen_set();
}

void World::authority_down(bool down)
{
    state->signer.down = down;
}

void World::prune()
{
    pv_pipeline_prune(state->pipeline);
}

bool World::run_committer_until(const std::function<bool()> &condition)
{
    pv_pipeline_start(state->pipeline);
    bool holds = condition();
    for (int i = 0; i < 1000 && !holds; i++) {
        usleep(10 * 1000);
        holds = condition();
    }
    pv_pipeline_stop(state->pipeline);
    return holds;
}

void World::refuse_issuer(bool refused)
{
    pv_issuer now = {};
    PV_ASSERT(pv_is_ok(state->signer.signer.issuer(&state->signer.signer, &now, nullptr)));
    pv_identity_refuse_issuers(state->identity, &now, refused ? 1 : 0);
}

void World::note(const pv_note &note)
{
    pv_pipeline_note(state->pipeline, &note);
}

void World::settle()
{
    pv_pipeline_commit(state->pipeline);
}

pv_store *World::store() const
{
    return state->store;
}

/* State changes are read from the feed of the account that made them, a party of nearly all that it changes, and from
 * the operator's: who accepts an invitation changes another account's membership. */
void World::record_changes(const Actor &actor)
{
    if (actor.account_id != state->platform.account_id) { record_changes(state->platform); }
    pv_id account;
    if (!pv_id_parse("acc", pv_view_text(actor.account_id.c_str()), &account)) { return; }
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_txn *txn = nullptr;
    pv_scan *scan = nullptr;
    uint64_t &last = state->recorded[actor.account_id];
    PV_ASSERT(pv_is_ok(pv_read_begin(state->store, arena, &txn)));
    PV_ASSERT(pv_is_ok(pv_feed_scan(txn, arena, account, last, &scan)));
    pv_view key;
    pv_view value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) {
        ProtobufCMessage *message = nullptr;
        PV_ASSERT(pv_message_unpack(&pv_event__info, value, arena, &message));
        const pv_event *event = reinterpret_cast<const pv_event *>(message);
        last = event->sequence;
        std::string method = strrchr(event->method, '/') + 1;
        std::string object = strrchr(event->object_type, '.') + 1;
        seen_set().insert(method + " " + object + " " + event->previous_state + ">" + event->state);
    }
    pv_scan_close(scan);
    pv_txn_abort(txn);
    pv_arena_destroy(arena);
}

Answer World::call_packed(const Actor &actor, const std::string &name, const std::string &bytes)
{
    const pv_handler *handler = nullptr;
    const pv_method_info *method = state->method(name, &handler);
    advance(1);
    Carrier carrier(state->pipeline, actor, method, handler, names);
    pv_status status = carrier.admit();
    run_once(between);
    if (pv_is_ok(status)) { status = carrier.run(PV_PHASE_UNARY, view_of(bytes)); }
    if (pv_is_ok(status)) { record_changes(actor); }
    Answer answer = carrier.answer(status);
    transcript += name + answer.packed + answer.reason + answer.message;
    for (const auto &pair : answer.metadata) { transcript += pair.first + pair.second; }
    return answer;
}

Answer World::call(const Actor &actor, const std::string &name, const std::string &text)
{
    const pv_handler *handler = nullptr;
    return call_packed(actor, name, pack(state->method(name, &handler), text, &state->requests));
}

pv_resolved World::resolve(const pv_resolver *resolver, const char *name, pv_arena *arena)
{
    World *world = static_cast<World *>(const_cast<void *>(resolver->context));
    run_once(world->asked);
    pv_resolved found = {};
    found.status = pv_status_of(world->dns_gives);
    if (!pv_is_ok(found.status)) { return found; }
    const std::vector<std::string> &texts = world->dns[name];
    found.texts =
        static_cast<const char **>(pv_arena_zalloc(arena, texts.size(), sizeof *found.texts));
    for (const std::string &text : texts) {
        found.texts[found.count++] = pv_arena_dup(arena, pv_view_text(text.c_str()));
    }
    return found;
}

void World::run_once(std::function<void()> &hook)
{
    std::function<void()> others = std::move(hook);
    hook = nullptr;
    if (others) { others(); }
}

std::vector<Answer> World::burst(const Actor &actor, const std::string &name,
                                 const std::vector<std::string> &requests)
{
    std::vector<Waiting> calls;
    for (const std::string &request : requests) { calls.push_back({actor, name, request}); }
    return burst(calls);
}

std::vector<Answer> World::burst(const std::vector<Waiting> &calls)
{
    std::vector<std::string> packed;
    std::vector<std::unique_ptr<Carrier>> carriers;
    const pv_handler *handler = nullptr;
    for (const Waiting &waiting : calls) {
        packed.push_back(
            pack(state->method(waiting.method, &handler), waiting.json, &state->requests));
    }
    advance(1);
    for (size_t i = 0; i < calls.size(); i++) {
        const pv_method_info *method = state->method(calls[i].method, &handler);
        carriers.emplace_back(new Carrier(state->pipeline, calls[i].actor, method, handler, names));
        PV_ASSERT(pv_is_ok(carriers.back()->admit()));
        carriers.back()->begin(PV_PHASE_UNARY, view_of(packed[i]));
    }
    pv_pipeline_commit(state->pipeline);
    std::vector<Answer> answers;
    for (size_t i = 0; i < calls.size(); i++) {
        record_changes(calls[i].actor);
        PV_ASSERT(carriers[i]->done());
        answers.push_back(carriers[i]->answer(carriers[i]->status()));
    }
    return answers;
}

Answer World::upload(const Actor &actor, const std::string &name,
                     const std::vector<std::string> &messages, bool abandon)
{
    const pv_handler *handler = nullptr;
    const pv_method_info *method = state->method(name, &handler);
    advance(1);
    Carrier carrier(state->pipeline, actor, method, handler, names);
    pv_status status = carrier.admit();
    for (size_t i = 0; i < messages.size() && pv_is_ok(status); i++) {
        std::string bytes = pack(method, messages[i], &state->requests);
        status = carrier.run(PV_PHASE_RECEIVE, view_of(bytes));
        run_once(meanwhile);
    }
    if (pv_is_ok(status) && !abandon) {
        carrier.call()->half_closed = true;
        status = carrier.run(PV_PHASE_FINISH, pv_view_of(nullptr, 0));
    }
    if (abandon) { carrier.call()->cancelled = true; }
    record_changes(actor);
    return carrier.answer(status);
}

std::vector<Answer> World::pull(const Actor &actor, const std::string &name,
                                const std::string &text)
{
    const pv_handler *handler = nullptr;
    const pv_method_info *method = state->method(name, &handler);
    advance(1);
    std::string bytes = pack(method, text, &state->requests);
    Carrier carrier(state->pipeline, actor, method, handler, names);
    std::vector<Answer> answers;
    pv_status status = carrier.admit();
    pv_view request = view_of(bytes);
    while (pv_is_ok(status)) {
        status = carrier.run(PV_PHASE_NEXT, request);
        request = pv_view_of(nullptr, 0);
        if (pv_is_ok(status) && carrier.step() != PV_STEP_MESSAGE) { return answers; }
        answers.push_back(carrier.answer(status));
        run_once(meanwhile);
    }
    if (answers.empty() || answers.back().ok()) { answers.push_back(carrier.answer(status)); }
    return answers;
}

} // namespace purvey
