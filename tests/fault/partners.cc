#include "tests/fault/partners.h"

#include <chrono>
#include <thread>

namespace purvey {

// --- the ledger ---

size_t Ledger::want(const Wanted &wanted)
{
    std::lock_guard<std::mutex> hold(lock);
    all.push_back(wanted);
    return all.size() - 1;
}

void Ledger::told(size_t number, const Answer &answer)
{
    std::lock_guard<std::mutex> hold(lock);
    Wanted &wanted = all[number];
    std::string id = answer.text(wanted.root + ".id");
    std::string revision = answer.text(wanted.root + ".revision");
    if (wanted.answered && (wanted.id != id || wanted.revision != revision)) {
        found.push_back(wanted.method + " " + wanted.request_id + " was answered " + wanted.id +
                        " " + wanted.revision + " and later " + id + " " + revision);
    }
    if (!wanted.answered) { answered++; }
    wanted.id = id;
    wanted.revision = revision;
    wanted.answered = true;
}

Wanted Ledger::at(size_t number)
{
    std::lock_guard<std::mutex> hold(lock);
    return all[number];
}

size_t Ledger::size()
{
    std::lock_guard<std::mutex> hold(lock);
    return all.size();
}

void Ledger::seen(const std::string &event)
{
    std::lock_guard<std::mutex> hold(lock);
    watched.push_back(event);
    events++;
}

void Ledger::finding(const std::string &what)
{
    std::lock_guard<std::mutex> hold(lock);
    found.push_back(what);
}

std::vector<std::string> Ledger::findings()
{
    std::lock_guard<std::mutex> hold(lock);
    return found;
}

void Ledger::check(const Content &content, const std::string &feed)
{
    std::lock_guard<std::mutex> hold(lock);
    if (!content.problem.empty()) { found.push_back(content.problem); }
    for (const Wanted &wanted : all) {
        bool stored = content.requests.count(wanted.request_id) > 0;
        std::string what = wanted.method + " " + wanted.request_id + " " + wanted.object;
        if (wanted.answered && !stored) { found.push_back(what + " was answered and is lost"); }
        if (wanted.object.empty()) { continue; }
        auto at = content.objects.find(wanted.object);
        uint64_t made = at == content.objects.end() ? 0 : at->second;
        if (made > 1) { found.push_back(what + " was done " + std::to_string(made) + " times"); }
        if ((made == 1) != stored) {
            found.push_back(
                what + (stored ? " has an answer and no effect" : " has an effect and no answer"));
        }
    }
    auto at = content.feeds.find(feed);
    size_t kept = at == content.feeds.end() ? 0 : at->second.size();
    for (size_t i = 0; i < watched.size(); i++) {
        if (i >= kept || at->second[i] != watched[i]) {
            found.push_back("event " + std::to_string(i + 1) + " of the feed was seen as " +
                            watched[i] + " and is " + (i >= kept ? "lost" : at->second[i]));
            return;
        }
    }
}

namespace {

constexpr auto kPause =
    std::chrono::microseconds(500); // before a call that was refused is sent again

// Kinds of objects: who makes them, by what, under which name.
struct Kind {
    Trade trade;
    const char *method, *type, *root, *more;
};

constexpr Kind kKinds[] = {
    {Trade::kDistributor, "CreateHub", "purvey.product.v1.Hub", "hub", ""},
    {Trade::kDistributor, "CreateTierAccount", "purvey.order.v1.TierAccount", "tier_account",
     R"(, "kind": "RESELLER")"},
    {Trade::kDistributor, "CreateAgreement", "purvey.contract.v1.Agreement", "agreement",
     R"(, "type": "PROGRAM", "activate": true)"},
    {Trade::kVendor, "CreateProduct", "purvey.product.v1.Product", "product",
     R"(, "category": "Office", "short_description": "Letters")"},
    {Trade::kOperator, "CreateGroup", "purvey.account.v1.Group", "group",
     R"(, "permissions": [{"module": "ORDER", "grant": "VIEW"}])"},
};

// A server that is going or gone, or has no room at the moment.
bool is_transient(const Answer &answer)
{
    return answer.code == PV_CODE_UNAVAILABLE || answer.code == PV_CODE_DEADLINE_EXCEEDED ||
           answer.code == PV_CODE_CANCELLED || answer.reason == "WRITE_QUEUE_FULL" ||
           answer.reason == "UPLOAD_IN_PROGRESS";
}

// A client's thread.
class Client {
  public:
    explicit Client(const Place &at) : place(at), chance(at.seed) {}

  protected:
    // Does something in one life after the other until it is answered. False: there is no further life.
    template <typename Attempt> bool until_answered(const std::string &what, Attempt attempt)
    {
        for (int tries = 0;; tries++) {
            if (life == 0 && (life = place.lives->next(last)) == 0) { return false; }
            std::shared_ptr<pv_client> client = place.lives->connect(life, place.who);
            if (client == nullptr) {
                last = life;
                life = 0;
                continue;
            }
            if (tries > 0) { place.ledger->repeated++; }
            Answer answer = attempt(client.get());
            if (answer.ok()) { return true; }
            if (!is_transient(answer)) {
                place.ledger->finding(what + ": " + answer.told());
                return true;
            }
            std::this_thread::sleep_for(kPause);
        }
    }

    bool ask(size_t number)
    {
        Wanted wanted = place.ledger->at(number);
        return until_answered(wanted.method + " " + wanted.request, [&](pv_client *client) {
            Answer answer = call(client, wanted.method, wanted.request);
            if (answer.ok()) {
                place.ledger->replayed += answer.replayed;
                if (wanted.answered && !answer.replayed) {
                    place.ledger->finding(wanted.method + " " + wanted.request_id +
                                          " was done again");
                }
                place.ledger->told(number, answer);
            }
            return answer;
        });
    }

    std::string fresh_name()
    {
        return place.who.name + "-" + std::to_string(place.seed) + "-" + std::to_string(++count);
    }

    Place place;
    Chance chance;

  private:
    uint64_t life = 0; // 0: none
    uint64_t last = 0;
    uint64_t count = 0;
};

class Writer : public Client {
  public:
    Writer(const Place &at, Trade which, const std::string &account)
        : Client(at), trade(which), account_id(account)
    {
        for (const Kind &kind : kKinds) {
            if (kind.trade == trade) { kinds.push_back(&kind); }
        }
    }

    void run()
    {
        while (step()) {}
    }

  private:
    bool step()
    {
        if (!mine.empty() && chance.one_in(8)) { return ask(mine[chance.below(mine.size())]); }
        Wanted wanted;
        wanted.request_id = uuid();
        if (!hub_id.empty() && chance.one_in(4)) {
            wanted.method = "UpdateHub";
            wanted.root = "hub";
            wanted.request = form(
                R"({"hub_id": "%s", "description": "%s", "update_mask": "description", "request_id": "%s"})",
                hub_id.c_str(), fresh_name().c_str(), wanted.request_id.c_str());
        } else {
            make(&wanted);
        }
        size_t number = place.ledger->want(wanted);
        mine.push_back(number);
        bool goes_on = ask(number);
        wanted = place.ledger->at(number);
        if (wanted.method == "CreateHub" && wanted.answered) { hub_id = wanted.id; }
        return goes_on;
    }

    void make(Wanted *ret_wanted)
    {
        const Kind &kind = *kinds[chance.below(kinds.size())];
        std::string name = fresh_name();
        std::string account = kind.trade == Trade::kOperator
                                  ? form(R"(, "account_id": "%s")", account_id.c_str())
                                  : "";
        ret_wanted->method = kind.method;
        ret_wanted->object = std::string(kind.type) + " " + name;
        ret_wanted->root = kind.root;
        ret_wanted->request = form(R"({"name": "%s", "request_id": "%s"%s%s})", name.c_str(),
                                   ret_wanted->request_id.c_str(), kind.more, account.c_str());
    }

    Trade trade;
    std::string account_id;
    std::vector<const Kind *> kinds;
    std::vector<size_t> mine;
    std::string hub_id;
};

class Uploader : public Client {
  public:
    Uploader(const Place &at, const Reported &on) : Client(at), reported(on) {}

    void run()
    {
        while (report()) {}
    }

  private:
    bool report()
    {
        Wanted made;
        std::string name = fresh_name();
        made.method = "CreateUsageReport";
        made.request_id = uuid();
        made.object = "purvey.usage.v1.UsageReport " + name;
        made.root = "report";
        made.request = form(
            R"({"product_id": "%s", "contract_id": "%s", "name": "%s", "currency": "USD",
                "request_id": "%s", "period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z"})",
            reported.product_id.c_str(), reported.contract_id.c_str(), name.c_str(),
            made.request_id.c_str());
        size_t number = place.ledger->want(made);
        if (!ask(number)) { return false; }
        std::string id = place.ledger->at(number).id;
        return send_records(id, name) && check_records(id) && submit(id);
    }

    bool send_records(const std::string &id, const std::string &name)
    {
        Wanted wanted;
        wanted.method = "UploadUsageRecords";
        wanted.request_id = uuid();
        wanted.root = "report";
        size_t number = place.ledger->want(wanted);
        std::vector<std::string> messages;
        sent = 0;
        for (uint64_t i = chance.below(5) + 1; i > 0; i--) {
            std::string first = form(R"("report_id": "%s", "truncate": true, "request_id": "%s", )",
                                     id.c_str(), wanted.request_id.c_str());
            messages.push_back("{" + (messages.empty() ? first : "") + "\"records\": [" +
                               records(name) + "]}");
        }
        return until_answered("upload", [&](pv_client *client) {
            Stream stream(client, wanted.method);
            for (const std::string &message : messages) {
                if (!stream.send(message)) { break; }
            }
            (void)stream.half_close();
            Answer answer = stream.receive();
            Answer end = stream.finish();
            if (end.ok() && answer.json != nullptr) {
                place.ledger->told(number, answer);
                place.ledger->records += sent;
            }
            return end;
        });
    }

    std::string records(const std::string &name)
    {
        std::string list;
        for (uint64_t i = chance.below(30) + 1; i > 0; i--) {
            list += form(
                R"(%s{"record_id": "%s-%d", "mpn": "%s", "subscription_external_id": "%s",
                   "quantity": "1.5", "amount": "0.00000000001",
                   "start_time": "2026-10-03T00:00:00Z", "end_time": "2026-10-04T00:00:00Z"})",
                list.empty() ? "" : ", ", name.c_str(), static_cast<int>(++sent),
                reported.mpn.c_str(), reported.subscription.c_str());
        }
        return list;
    }

    // What was answered is there, each record once.
    bool check_records(const std::string &id)
    {
        return until_answered("GetUsageUpload", [&](pv_client *client) {
            Answer answer =
                call(client, "GetUsageUpload", form(R"({"report_id": "%s"})", id.c_str()));
            if (answer.ok() && (answer.text("valid") != std::to_string(sent) ||
                                answer.text("complete") != "true")) {
                place.ledger->finding("report " + id + " holds " + answer.text("valid") + " of " +
                                      std::to_string(sent) +
                                      " records, complete: " + answer.text("complete"));
            }
            return answer;
        });
    }

    bool submit(const std::string &id)
    {
        Wanted wanted;
        wanted.method = "SubmitUsageReport";
        wanted.request_id = uuid();
        wanted.root = "report";
        wanted.request = form(R"({"report_id": "%s", "request_id": "%s"})", id.c_str(),
                              wanted.request_id.c_str());
        return ask(place.ledger->want(wanted));
    }

    Reported reported;
    uint64_t sent = 0;
};

// Reads a feed over a stream, from life to life; it goes on behind the last token it was given.
class Watcher : public Client {
  public:
    using Client::Client;

    void run()
    {
        while (until_answered("WatchEvents", [this](pv_client *client) { return read(client); })) {}
    }

  private:
    Answer read(pv_client *client)
    {
        Stream stream(client, "WatchEvents");
        (void)stream.send(form(R"({"resume_token": "%s"})", token.c_str()));
        (void)stream.half_close();
        for (;;) {
            Answer message = stream.receive();
            if (message.json == nullptr) { return stream.finish(); }
            for (size_t i = 0; i < message.count("events"); i++) {
                take(message, "events." + std::to_string(i) + ".");
            }
            token = message.text("resume_token");
        }
    }

    void take(const Answer &message, const std::string &at)
    {
        std::string sequence = message.text(at + "sequence");
        if (sequence != std::to_string(last_sequence + 1)) {
            place.ledger->finding("event " + sequence + " comes after event " +
                                  std::to_string(last_sequence));
        }
        last_sequence++;
        place.ledger->seen(message.text(at + "object_id") + " " + message.text(at + "revision"));
    }

    std::string token;
    uint64_t last_sequence = 0;
};

} // namespace

void write(Place place, Trade trade, const std::string &account_id)
{
    Writer(place, trade, account_id).run();
}

void upload(Place place, const Reported &on)
{
    Uploader(place, on).run();
}

void watch(Place place)
{
    Watcher(place).run();
}

} // namespace purvey
