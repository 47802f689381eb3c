// What bad calls get from the real server: each a code, a reason and a sentence that names what and
// where, and none of them changes anything. The server under test has a whole supply chain in it, so
// that there is something to be refused.
#include "tests/e2e/house.h"

#include <vector>

namespace purvey {
namespace {

class Refusals : public ::testing::Test {
  protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override
    {
        ASSERT_TRUE(house->ready);
        changes_made();
    }
    // Nothing happened: nobody's feed has moved.
    void TearDown() override
    {
        size_t i = 0;
        for (pv_client *client : everybody()) {
            EXPECT_EQ(last_event(client), events_[i++]) << "feed " << i;
        }
    }
    // What was changed up to here was meant to be.
    void changes_made()
    {
        events_.clear();
        for (pv_client *client : everybody()) { events_.push_back(last_event(client)); }
    }
    static std::vector<pv_client *> everybody()
    {
        return {house->of_operator(), distributor(), reseller(), vendor(), outsider.client};
    }
    static pv_client *distributor() { return house->people.distributor.client; }
    static pv_client *reseller() { return house->people.reseller.client; }
    static pv_client *vendor() { return house->people.vendors[0].client; }
    // The id of the first object of a list.
    static std::string first(pv_client *client, const std::string &method, const std::string &list,
                             const std::string &request = "{}")
    {
        Answer answer = call(client, method, request);
        EXPECT_TRUE(answer.ok() && answer.count(list) > 0) << method << ": " << answer.told();
        return answer.text(list + ".0.id");
    }

    static House *house;
    static actor outsider; // a vendor that has nothing to do with the others
    static actor idle;     // a distributor likewise
    std::vector<uint64_t> events_;
};

House *Refusals::house = nullptr;
actor Refusals::outsider = {};
actor Refusals::idle = {};

void Refusals::SetUpTestSuite()
{
    house = new House(usage_file());
    if (!house->ready) { return; }
    outsider = house->join(PV_ACCOUNT_TYPE_VENDOR, "Outsider");
    idle = house->join(PV_ACCOUNT_TYPE_DISTRIBUTOR, "Idle");
}

TEST_F(Refusals, AMethodThatTheRoleMayNotCallIsDeniedAndNamesTheRoles)
{
    const struct {
        pv_client *client;
        const char *method;
    } cases[] = {
        {reseller(), "CreateProduct"},         {vendor(), "CreateAccount"},
        {distributor(), "ApproveOrder"},       {vendor(), "CreateOrder"},
        {distributor(), "UploadUsageRecords"}, {house->of_operator(), "ListOrders"},
    };
    for (const auto &[client, method] : cases) {
        Answer refused;
        if (std::string(method) == "UploadUsageRecords") {
            Stream stream(client, method);
            stream.receive();
            refused = stream.finish();
        } else {
            refused = call(client, method, "{}"); // access comes before the fields are looked at
        }
        EXPECT_EQ(refused.code, PV_CODE_PERMISSION_DENIED) << method << ": " << refused.told();
        EXPECT_EQ(refused.reason, "ROLE_MAY_NOT_CALL") << method;
        EXPECT_FALSE(refused.notes.empty()) << method;
    }
}

TEST_F(Refusals, ACertificateMayOnlyWhatItsScopesSay)
{
    Identity viewer = house->admit(house->people.distributor.account_id,
                                   R"([{"module": "PRODUCT", "grant": "VIEW"}])");
    pv_client *client = house->connect(&viewer);
    changes_made();
    EXPECT_TRUE(call(client, "ListHubs", "{}").ok());
    Answer act = call(client, "CreateHub", R"({"name": "mine"})");
    EXPECT_EQ(act.code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(act.reason, "GRANT_MISSING") << act.told();
    EXPECT_EQ(call(client, "ListOrders", "{}").reason, "GRANT_MISSING");
}

TEST_F(Refusals, AForeignIdIsAnsweredLikeOneThatDoesNotExist)
{
    const std::string product = first(vendor(), "ListProducts", "products");
    const std::string of_product = form(R"({"product_id": "%s"})", product.c_str());
    const struct {
        const char *method, *field;
        std::string id;
        pv_client *foreigner;
    } cases[] = {
        {"GetProduct", "product_id", product, outsider.client},
        {"GetItem", "item_id", first(vendor(), "ListItems", "items", of_product), outsider.client},
        {"GetParameter", "parameter_id",
         first(vendor(), "ListParameters", "parameters", of_product), outsider.client},
        {"GetTemplate", "template_id", first(vendor(), "ListTemplates", "templates", of_product),
         outsider.client},
        {"GetListing", "listing_id", first(vendor(), "ListListings", "listings"), outsider.client},
        {"GetListingProposal", "listing_proposal_id",
         first(vendor(), "ListListingProposals", "listing_proposals"), outsider.client},
        {"GetContract", "contract_id", first(vendor(), "ListContracts", "contracts"),
         outsider.client},
        {"GetOrder", "order_id", first(vendor(), "ListOrders", "orders"), outsider.client},
        {"GetSubscription", "subscription_id",
         first(vendor(), "ListSubscriptions", "subscriptions"), outsider.client},
        {"GetUser", "user_id", first(vendor(), "ListUsers", "users"), outsider.client},
        {"GetCertificate", "certificate_id", first(vendor(), "ListCertificates", "certificates"),
         outsider.client},
        {"GetHub", "hub_id", first(distributor(), "ListHubs", "hubs"), idle.client},
        {"GetMarketplace", "marketplace_id",
         first(distributor(), "ListMarketplaces", "marketplaces"), idle.client},
        {"GetConnection", "connection_id", first(distributor(), "ListConnections", "connections"),
         idle.client},
        {"GetAgreement", "agreement_id", first(distributor(), "ListAgreements", "agreements"),
         idle.client},
        {"GetTierAccount", "tier_account_id",
         first(reseller(), "ListTierAccounts", "tier_accounts"), idle.client},
    };
    for (const auto &[method, field, id, foreigner] : cases) {
        std::string absent_id = id;
        absent_id.replace(absent_id.size() - 6, 6, "zzzzzz");
        Answer foreign = call(foreigner, method, form(R"({"%s": "%s"})", field, id.c_str()));
        Answer absent = call(foreigner, method, form(R"({"%s": "%s"})", field, absent_id.c_str()));
        EXPECT_EQ(foreign.code, PV_CODE_NOT_FOUND) << method;
        EXPECT_EQ(foreign.reason, "NOT_FOUND") << method;
        std::string told = absent.told();
        for (size_t at = told.find(absent_id); at != std::string::npos; at = told.find(absent_id)) {
            told.replace(at, absent_id.size(), id);
        }
        EXPECT_EQ(foreign.told(), told) << method << " tells that the object exists";
    }
}

TEST_F(Refusals, VerbsOnAForeignObjectAreNotFound)
{
    std::string order = first(vendor(), "ListOrders", "orders");
    std::string template_id =
        first(vendor(), "ListTemplates", "templates",
              form(R"({"product_id": "%s"})", first(vendor(), "ListProducts", "products").c_str()));
    EXPECT_EQ(
        call(outsider.client, "ApproveOrder",
             form(R"({"order_id": "%s", "template_id": "%s", "etag": %s})", order.c_str(),
                  template_id.c_str(),
                  quoted(call(vendor(), "GetOrder", form(R"({"order_id": "%s"})", order.c_str()))
                             .text("order.etag"))
                      .c_str()))
            .reason,
        "NOT_FOUND");
    EXPECT_EQ(call(outsider.client, "FailOrder",
                   form(R"({"order_id": "%s", "reason": "no"})", order.c_str()))
                  .reason,
              "NOT_FOUND");
    EXPECT_EQ(call(idle.client, "RevokeCertificate",
                   form(R"({"certificate_id": "%s", "reason": "no"})",
                        first(vendor(), "ListCertificates", "certificates").c_str()))
                  .reason,
              "NOT_FOUND");
}

TEST_F(Refusals, AMalformedIdIsAnInvalidFieldThatIsNamed)
{
    for (const char *id : {"", "ord", "ord_", "ord_1", "ord_01j9zv0000abcdefghjkmnpqr",
                           "ord_01j9zv0000abcdefghjkmnpqrsx", "prd_01j9zv0000abcdefghjkmnpqrs",
                           "ORD_01j9zv0000abcdefghjkmnpqrs", "ord_01j9zv0000abcdefghijklmnop",
                           "ord_81j9zv0000abcdefghjkmnpqrs", " ord_01j9zv0000abcdefghjkmnpqrs",
                           "ord_../../../../etc/passwd0"}) {
        Answer refused = call(vendor(), "GetOrder", form(R"({"order_id": "%s"})", id));
        EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT) << id;
        EXPECT_EQ(refused.reason, "INVALID_FIELD") << id;
        ASSERT_EQ(refused.violations.size(), 1u) << id;
        EXPECT_EQ(refused.violations[0].first, "order_id") << id;
        EXPECT_NE(refused.violations[0].second, "") << id;
    }
}

// Fields as they travel.
std::string varint(uint64_t value)
{
    std::string bytes;
    for (; value >= 0x80; value >>= 7) { bytes += static_cast<char>(value | 0x80); }
    return bytes + static_cast<char>(value);
}
std::string field(unsigned number, const std::string &content)
{
    return varint(number << 3 | 2) + varint(content.size()) + content;
}
std::string number(unsigned number, uint64_t value)
{
    return varint(number << 3) + varint(value);
}
std::string with_request_id()
{
    return field(100, uuid());
}

TEST_F(Refusals, AnUnknownEnumNumberIsAnInvalidFieldThatIsNamed)
{
    for (uint64_t value : {UINT64_C(99), UINT64_C(2147483647), UINT64_MAX}) {
        Answer refused = call_bytes(house->of_operator(), "CreateAccount",
                                    number(1, value) + field(2, "Somebody") + with_request_id());
        EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT) << value;
        EXPECT_NE(refused.told().find("type"), std::string::npos) << refused.told();
    }
}

TEST_F(Refusals, BadUtf8AndZeroBytesInATextAreRefusedWithTheField)
{
    const std::string texts[] = {
        std::string("A\xff"),
        std::string("\xc3"),
        std::string("\xc0\xaf"),
        std::string("\xed\xa0\x80"),
        std::string("\xf5\x80\x80\x80"),
        std::string("A\0B", 3),
        std::string("\0", 1),
    };
    for (const std::string &text : texts) {
        Answer refused = call_bytes(distributor(), "CreateHub", field(1, text) + with_request_id());
        EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT);
        EXPECT_NE(refused.told().find("name"), std::string::npos) << refused.told();
    }
}

TEST_F(Refusals, AMessageNestedTenThousandDeepIsRefusedAndHarmsNobody)
{
    std::string content = number(1, 1);
    for (int depth = 0; depth < 10000; depth++) { content = field(6, content); }
    const std::string groups(10000,
                             static_cast<char>(1 << 3 | 3)); // start of group 1, again and again
    for (const std::string &bytes : {content, groups, field(6, groups)}) {
        Answer refused = call_bytes(vendor(), "CreateProduct", bytes + with_request_id());
        EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT) << refused.told();
        EXPECT_TRUE(call(vendor(), "WhoAmI", "{}").ok());
    }
}

TEST_F(Refusals, BytesThatAreNoMessageAreMalformed)
{
    const std::string cases[] = {
        std::string("\x0a\x7fshort", 7),            // longer than what follows
        std::string("\x0a\xff\xff\xff\xff\x0f", 6), // four gigabytes
        std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                    12),        // a number of more than 64 bits
        std::string("\x0f", 1), // a wire type that is not
        std::string("\x0a", 1),
    };
    for (const std::string &bytes : cases) {
        Answer refused = call_bytes(vendor(), "GetOrder", bytes);
        EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT) << refused.told();
        EXPECT_EQ(refused.reason, "MALFORMED_MESSAGE") << refused.told();
    }
}

TEST_F(Refusals, AMessageOverTheLimitIsRefusedAndTheLimitSaid)
{
    Answer over = call_bytes(distributor(), "CreateHub",
                             field(1, std::string(300 * 1024, 'x')) + with_request_id());
    EXPECT_EQ(over.code, PV_CODE_RESOURCE_EXHAUSTED) << over.told();
    EXPECT_EQ(over.reason, "MESSAGE_TOO_LARGE");
    Answer far_over = call_bytes(distributor(), "CreateHub",
                                 field(1, std::string(16 << 20, 'x')) + with_request_id());
    EXPECT_EQ(far_over.code, PV_CODE_RESOURCE_EXHAUSTED) << far_over.told();
    EXPECT_TRUE(call(distributor(), "WhoAmI", "{}").ok());
}

TEST_F(Refusals, AStaleEtagIsRefused)
{
    std::string id = first(reseller(), "ListTierAccounts", "tier_accounts");
    Answer seen =
        call(reseller(), "GetTierAccount", form(R"({"tier_account_id": "%s"})", id.c_str()));
    std::string stale = quoted(seen.text("tier_account.etag"));
    std::string change =
        form(R"({"tier_account_id": "%s", "name": "Renamed", "update_mask": "name", "etag": %s})",
             id.c_str(), stale.c_str());
    Answer changed = call(reseller(), "UpdateTierAccount", change);
    ASSERT_TRUE(changed.ok()) << changed.told();
    changes_made();
    Answer refused = call(reseller(), "UpdateTierAccount", change);
    EXPECT_EQ(refused.code, PV_CODE_ABORTED) << refused.told();
    EXPECT_EQ(refused.reason, "ETAG_MISMATCH");
    EXPECT_EQ(call(reseller(), "DecommissionTierAccount",
                   form(R"({"tier_account_id": "%s", "etag": %s})", id.c_str(), stale.c_str()))
                  .reason,
              "ETAG_MISMATCH");
}

TEST_F(Refusals, ARequestIdIsAnsweredOnceAndRefusedWithOtherContent)
{
    std::string id = uuid();
    std::string request =
        form(R"({"kind": "CUSTOMER", "name": "Once", "external_id": "once", "parent_id": "%s",
                                   "request_id": "%s"})",
             house->people.reseller_tier_id, id.c_str());
    Answer made = call(reseller(), "CreateTierAccount", request);
    ASSERT_TRUE(made.ok()) << made.told();
    EXPECT_FALSE(made.replayed);
    changes_made();
    Answer again = call(reseller(), "CreateTierAccount", request);
    EXPECT_TRUE(again.ok() && again.replayed) << again.told();
    EXPECT_EQ(again.text("tier_account"), made.text("tier_account"));
    Answer other =
        call(reseller(), "CreateTierAccount",
             form(R"({"kind": "CUSTOMER", "name": "Twice", "parent_id": "%s", "request_id": "%s"})",
                  house->people.reseller_tier_id, id.c_str()));
    EXPECT_EQ(other.reason, "REQUEST_ID_REUSED") << other.told();
}

TEST_F(Refusals, ATamperedPageTokenIsRefused)
{
    Answer page = call(reseller(), "ListTierAccounts", R"({"page_size": 1})");
    std::string token = page.text("next_page_token");
    ASSERT_NE(token, "");
    auto list = [](pv_client *client, const std::string &with, const std::string &more = "") {
        return call(client, "ListTierAccounts",
                    form(R"({"page_size": 1, "page_token": "%s"%s})", with.c_str(), more.c_str()));
    };
    EXPECT_TRUE(list(reseller(), token).ok());
    std::vector<std::string> bad = {"x", token + "A", token.substr(0, token.size() - 1),
                                    token.substr(1), "=" + token};
    for (size_t i = 0; i < token.size(); i++) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        bad.push_back(changed);
    }
    for (const std::string &one : bad) {
        Answer refused = list(reseller(), one);
        EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT) << one;
        EXPECT_EQ(refused.reason, "PAGE_TOKEN_INVALID") << one << ": " << refused.told();
    }
    EXPECT_EQ(list(distributor(), token).reason, "PAGE_TOKEN_INVALID")
        << "the token of another account";
    EXPECT_EQ(list(reseller(), token, R"(, "filter": "kind = CUSTOMER")").reason,
              "PAGE_TOKEN_INVALID")
        << "of another list";
    EXPECT_EQ(call(reseller(), "ListOrders", form(R"({"page_token": "%s"})", token.c_str())).reason,
              "PAGE_TOKEN_INVALID")
        << "of another method";
}

TEST_F(Refusals, AResumeTokenThatIsMadeUpOrForeignIsRefused)
{
    std::string token = call(vendor(), "ListEvents", R"({"page_size": 1})").text("resume_token");
    for (const std::string &bad : {std::string("x"), token + "A", token.substr(1)}) {
        EXPECT_EQ(
            call(vendor(), "ListEvents", form(R"({"resume_token": "%s"})", bad.c_str())).reason,
            "RESUME_TOKEN_INVALID");
    }
    EXPECT_EQ(call(outsider.client, "ListEvents", form(R"({"resume_token": "%s"})", token.c_str()))
                  .reason,
              "RESUME_TOKEN_INVALID");
}

TEST_F(Refusals, AFilterOnAFieldWithoutIndexNamesThoseThatHaveOne)
{
    Answer refused = call(vendor(), "ListOrders", R"({"filter": "note = \"x\""})");
    EXPECT_EQ(refused.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(refused.reason, "FILTER_FIELD_NOT_INDEXED") << refused.told();
    EXPECT_NE(refused.told().find("subscription_id"), std::string::npos) << refused.told();
    EXPECT_EQ(call(vendor(), "ListOrders", R"({"filter": "no_such_field = 1"})").code,
              PV_CODE_INVALID_ARGUMENT);
    for (const char *filter : {"state", "state =", "= APPROVED",
                               "state = APPROVED OR state = FAILED", "state = (", "\\u0001"}) {
        Answer bad = call(vendor(), "ListOrders", form(R"({"filter": "%s"})", filter));
        EXPECT_EQ(bad.code, PV_CODE_INVALID_ARGUMENT) << filter << ": " << bad.told();
    }
}

// --- illegal transitions: one of every object that has a verb; the tables themselves have tests of their own ---

class IllegalTransitions : public Refusals {
  protected:
    void refused(pv_client *client, const std::string &method, const std::string &request,
                 const std::string &state)
    {
        Answer answer = call(client, method, request);
        EXPECT_EQ(answer.code, PV_CODE_FAILED_PRECONDITION) << method << ": " << answer.told();
        EXPECT_EQ(answer.reason, "STATE_FORBIDS") << method << ": " << answer.told();
        EXPECT_NE(answer.told().find(state), std::string::npos)
            << method << " does not name the state: " << answer.told();
    }
    std::string etag(pv_client *client, const std::string &method, const char *name,
                     const std::string &id, const std::string &object)
    {
        return quoted(
            call(client, method, form(R"({"%s": "%s"})", name, id.c_str())).text(object + ".etag"));
    }
};

TEST_F(IllegalTransitions, OfAccountUserAndCertificate)
{
    refused(house->of_operator(), "ActivateAccount",
            form(R"({"account_id": "%s"})", outsider.account_id), "ACTIVE");
    std::string certificate_id;
    std::string user_id;
    house->admit(outsider.account_id, kEverything, &certificate_id, &user_id);
    ASSERT_TRUE(call(house->of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "test"})", certificate_id.c_str()))
                    .ok());
    changes_made();
    refused(outsider.client, "ActivateUser", form(R"({"user_id": "%s"})", user_id.c_str()),
            "ACTIVE");
    refused(outsider.client, "RevokeCertificate",
            form(R"({"certificate_id": "%s", "reason": "x"})", certificate_id.c_str()), "REVOKED");
}

TEST_F(IllegalTransitions, OfContracts)
{
    std::string id = first(vendor(), "ListContracts", "contracts");
    std::string tag = etag(vendor(), "GetContract", "contract_id", id, "contract");
    refused(distributor(), "SignContract",
            form(R"({"contract_id": "%s", "etag": %s})", id.c_str(), tag.c_str()), "ACTIVE");
    refused(distributor(), "RefineContract",
            form(R"({"contract_id": "%s", "note": "x"})", id.c_str()), "ACTIVE");
    refused(vendor(), "CompleteEnrollment", form(R"({"contract_id": "%s"})", id.c_str()), "ACTIVE");
}

TEST_F(IllegalTransitions, OfProductsItemsProposalsAndConnections)
{
    std::string product = first(vendor(), "ListProducts", "products");
    std::string of_product = form(R"({"product_id": "%s"})", product.c_str());
    refused(vendor(), "DeleteProduct", of_product, "PUBLISHED");
    refused(vendor(), "ResumeProductSale", of_product, "PUBLISHED");
    std::string item =
        form(R"({"item_id": "%s"})", first(vendor(), "ListItems", "items", of_product).c_str());
    refused(vendor(), "DeleteItem", item, "PUBLISHED");
    refused(vendor(), "ResumeItemSale", item, "PUBLISHED");
    std::string proposal =
        form(R"({"listing_proposal_id": "%s"})",
             first(vendor(), "ListListingProposals", "listing_proposals").c_str());
    refused(vendor(), "SubmitListingProposal", proposal, "COMPLETED");
    refused(distributor(), "CompleteListingProposal", proposal, "COMPLETED");
    Answer hub = call(distributor(), "CreateHub", R"({"name": "Second"})");
    ASSERT_TRUE(hub.ok()) << hub.told();
    Answer made = call(distributor(), "CreateConnection",
                       form(R"({"product_id": "%s", "hub_id": "%s", "type": "TEST"})",
                            product.c_str(), hub.text("hub.id").c_str()));
    ASSERT_TRUE(made.ok()) << made.told();
    std::string connection = form(R"({"connection_id": "%s"})", made.text("connection.id").c_str());
    ASSERT_TRUE(call(distributor(), "ArchiveConnection", connection).ok());
    changes_made();
    refused(distributor(), "ArchiveConnection", connection, "ARCHIVED");
}

TEST_F(IllegalTransitions, OfOrdersSubscriptionsAndTierAccounts)
{
    std::string order = first(vendor(), "ListOrders", "orders");
    std::string tag = etag(vendor(), "GetOrder", "order_id", order, "order");
    refused(vendor(), "FailOrder", form(R"({"order_id": "%s", "reason": "x"})", order.c_str()),
            "APPROVED");
    refused(vendor(), "ApproveOrder",
            form(R"({"order_id": "%s", "template_id": "%s", "etag": %s})", order.c_str(),
                 house->seen.vendors[0].template_id, tag.c_str()),
            "APPROVED");
    refused(reseller(), "AnswerInquiry",
            form(R"({"order_id": "%s", "params": [{"name": "sub_account", "value": "x"}]})",
                 order.c_str()),
            "APPROVED");
    refused(reseller(), "PendOrder", form(R"({"order_id": "%s"})", order.c_str()), "APPROVED");
    Answer kind = call(reseller(), "CreateOrder",
                       form(R"({"kind": "RESUME", "subscription_id": "%s"})",
                            first(vendor(), "ListSubscriptions", "subscriptions").c_str()));
    EXPECT_EQ(kind.reason, "ORDER_KIND_FORBIDDEN") << kind.told();
    EXPECT_NE(kind.told().find("ACTIVE"), std::string::npos) << kind.told();
    Answer made = call(reseller(), "CreateTierAccount",
                       form(R"({"kind": "CUSTOMER", "name": "Gone", "parent_id": "%s"})",
                            house->people.reseller_tier_id));
    ASSERT_TRUE(made.ok()) << made.told();
    std::string gone = form(R"({"tier_account_id": "%s"})", made.text("tier_account.id").c_str());
    ASSERT_TRUE(call(reseller(), "DecommissionTierAccount", gone).ok());
    changes_made();
    refused(reseller(), "DecommissionTierAccount", gone, "DECOMMISSIONED");
}

TEST_F(IllegalTransitions, OfUsageReports)
{
    Answer made =
        call(vendor(), "CreateUsageReport",
             form(R"({"product_id": "%s", "contract_id": "%s", "name": "empty", "currency": "USD",
                                "period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z"})",
                  house->seen.vendors[0].product_id, house->seen.vendors[0].contract_id));
    ASSERT_TRUE(made.ok()) << made.told();
    std::string report = form(R"({"report_id": "%s"})", made.text("report.id").c_str());
    changes_made();
    refused(vendor(), "SubmitUsageReport", report, "DRAFT");
    ASSERT_TRUE(call(vendor(), "DeleteUsageReport", report).ok());
    changes_made();
    refused(vendor(), "DeleteUsageReport", report, "DELETED");
    Stream upload(vendor(), "UploadUsageRecords");
    upload.send(form(R"({"report_id": "%s", "request_id": "%s"})", made.text("report.id").c_str(),
                     uuid().c_str()));
    EXPECT_EQ(upload.receive().json, nullptr);
    Answer end = upload.finish();
    EXPECT_EQ(end.reason, "STATE_FORBIDS") << end.told();
}

} // namespace
} // namespace purvey
