#include "tests/fault/workload.h"

#include "purvey/catalog.pv.h"
#include "storage/schema.h"
#include "tests/fault/disk.h"
#include "tests/unit/flows/usage_fixture.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace purvey {

namespace {

constexpr int kSmallSteps = 10;
constexpr int kWholeSteps = 24;
constexpr int kFillSteps = 400; // more than fill a map of a megabyte
constexpr int kStepsWhenFull = 5;

// Steps that everybody can take who has a world and a distributor.
class Hubs {
  public:
    Hubs(World *of, const Actor &owner, Chance *choices) : world(of), actor(owner), chance(choices)
    {
    }

    uint64_t refused = 0;

    // Calls that wait together: new hubs, one asked for twice, one that only validates, one with the request_id of
    // another request, one that is not even let in.
    void burst()
    {
        std::vector<std::string> requests;
        for (uint64_t i = chance->below(12) + 1; i > 0; i--) { requests.push_back(fresh()); }
        requests.push_back(requests.front());
        requests.push_back(R"({"name": "Nothing", "validate_only": true})");
        requests.push_back(request("Refused", count));
        requests.push_back(R"({"name": "Refused", "request_id": "no uuid"})");
        std::vector<Answer> answers = world->burst(actor, "CreateHub", requests);
        if (answers[0].code == PV_CODE_RESOURCE_EXHAUSTED) { return lost(answers); }
        for (size_t i = 0; i < answers.size(); i++) {
            bool must = i + 2 < answers.size();
            if (answers[i].ok() != must) {
                fprintf(stderr, "CreateHub %s: %s %s\n", requests[i].c_str(),
                        answers[i].reason.c_str(), answers[i].message.c_str());
                abort();
            } else if (must) {
                last = i + 3 < answers.size() ? answers[i].text("hub.id") : last;
            }
        }
    }

    void update()
    {
        if (last.empty()) { return; }
        Answer done =
            world->call(actor, "UpdateHub",
                        json(R"({"hub_id": "%s", "name": "Again %d", "update_mask": "name"})",
                             last.c_str(), ++count));
        if (done.code == PV_CODE_RESOURCE_EXHAUSTED) {
            refused++;
        } else if (!done.ok()) {
            fprintf(stderr, "UpdateHub: %s\n", done.reason.c_str());
            abort();
        }
    }

    void step() { chance->one_in(3) ? update() : burst(); }

  private:
    // Of a batch that is lost no call has another answer: neither the one asked twice, nor the one that only
    // validates, nor the one that was refused for what stood in the batch.
    void lost(const std::vector<Answer> &answers)
    {
        for (size_t i = 0; i + 1 < answers.size(); i++) {
            if (answers[i].code != PV_CODE_RESOURCE_EXHAUSTED) {
                fprintf(stderr, "a call of a lost batch ends with %d %s\n",
                        static_cast<int>(answers[i].code), answers[i].reason.c_str());
                abort();
            }
            refused++;
        }
    }

    static std::string request(const std::string &name, int number)
    {
        return json(R"({"name": "%s", "request_id": "00000000-0000-4000-9000-%012d"})",
                    name.c_str(), number);
    }

    std::string fresh()
    {
        int number = ++count;
        return request("Hub " + std::to_string(number), number);
    }

    World *world;
    Actor actor;
    Chance *chance;
    std::string last;
    int count = 0;
};

// Everything the tests of usage stand on, and further steps on it.
class Whole : public Usage {
  public:
    explicit Whole(Chance *choices) : chance(choices), hubs(&world, distributor, choices) {}

    void run()
    {
        for (int i = 0; i < kWholeSteps; i++) { step(); }
    }

  private:
    void TestBody() override {}

    template <size_t N> std::string any(const char *const (&of)[N]) { return of[chance->below(N)]; }

    void step()
    {
        static const char *const orders[] = {"INQUIRING", "APPROVED", "FAILED", "PENDING"};
        static const char *const subscriptions[] = {"PROCESSING", "ACTIVE", "SUSPENDED",
                                                    "TERMINATING", "TERMINATED"};
        static const char *const reports[] = {"DRAFT",    "UPLOADING", "READY",
                                              "INVALID",  "DELETED",   "PENDING",
                                              "ACCEPTED", "REJECTED",  "CLOSED"};
        switch (chance->below(8)) {
        case 0: order_in(any(orders)); break;
        case 1:
            subscription_in(any(subscriptions), chance->one_in(2) ? reseller : distributor);
            break;
        case 2: report_in(any(reports)); break;
        case 3: world.user(vendor, {{"ORDER", "VIEW"}, {"USAGE", "MANAGE"}}); break;
        case 4: make_customer(reseller); break;
        case 5: many_records(); break;
        default: hubs.step();
        }
    }

    // Enough for several blocks, in several messages: each is a batch.
    void many_records()
    {
        std::string report = new_report();
        std::vector<std::string> messages;
        for (uint64_t i = chance->below(4) + 1; i > 0; i--) {
            std::vector<std::string> records;
            for (uint64_t j = chance->below(150) + 1; j > 0; j--) {
                records.push_back(record("S-1", "1.5", "0.000000000000001"));
            }
            messages.push_back(messages.empty() ? opening(report, records) : further(records));
        }
        Answer done = world.upload(vendor, "UploadUsageRecords", messages, chance->one_in(4));
        EXPECT_TRUE(done.ok()) << done.reason << " " << done.message;
    }

    Chance *chance;
    Hubs hubs;
};

void run_small(Chance *chance, bool until_full, uint64_t *ret_refused)
{
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "Delta");
    Hubs hubs(&world, distributor, chance);
    int steps = until_full ? kFillSteps : kSmallSteps;
    for (int i = 0; i < steps; i++) {
        hubs.step();
        if (hubs.refused > 0 && steps == kFillSteps) { steps = i + kStepsWhenFull; }
    }
    *ret_refused = hubs.refused;
}

} // namespace

uint64_t run_workload(const std::string &folder, uint64_t seed, Size size, uint64_t map_bytes,
                      const std::function<void(pv_store *store, bool ok)> &told)
{
    World::opener() = [&] {
        pv_lmdb_options options = {};
        options.map_bytes = map_bytes;
        options.map_bytes_max = map_bytes;
        options.create = true;
        std::string why;
        pv_store *store = open_store(folder, &options, &why);
        if (store == nullptr) {
            fprintf(stderr, "%s\n", why.c_str());
            abort();
        }
        disk().committed = [&told, store](bool ok) { told(store, ok); };
        told(store, true);
        return store;
    };
    Chance chance(seed);
    uint64_t refused = 0;
    if (size == Size::kWhole) {
        Whole(&chance).run();
    } else {
        run_small(&chance, map_bytes > 0, &refused);
    }
    disk().committed = nullptr;
    PV_ASSERT(!testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed());
    return refused;
}

pv_store *open_store(const std::string &folder, const pv_lmdb_options *options,
                     std::string *ret_why)
{
    pv_store *store = nullptr;
    char why[PV_LMDB_ERROR_SIZE], index_why[PV_SCHEMA_ERROR_SIZE];
    if (!pv_is_ok(pv_lmdb_open(folder.c_str(), options, &store, why))) {
        *ret_why = why;
        return nullptr;
    }
    pv_schema schema = {};
    schema.objects = pv_catalog__objects;
    schema.object_count = pv_catalog__object_count;
    if (!pv_is_ok(pv_schema_apply(store, &schema, index_why))) {
        *ret_why = index_why;
        pv_store_close(store);
        return nullptr;
    }
    return store;
}

std::string make_folder(const char *name)
{
    const char *base = getenv("FAULT_TMPDIR");
    if (base == nullptr) { base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; }
    std::string path = std::string(base) + "/purvey-" + name + "-XXXXXX";
    PV_ASSERT(mkdtemp(path.data()) != nullptr);
    return path;
}

void remove_folder(const std::string &folder)
{
    std::filesystem::remove_all(folder);
}

} // namespace purvey
