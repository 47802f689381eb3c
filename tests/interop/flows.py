"""The four flows' happy path by a client made with other people's tools: Debian's grpcio and the stubs that protoc makes from
our .proto files. Certificates come from openssl's signing requests.
usage: flows.py ADDRESS DATA WORK ENROL   (ENROL is where those without a certificate enrol; WORK receives vendor.pem and vendor.key for the clients that follow; the server takes
                                     WORK/zone for the DNS)"""
import datetime
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import uuid

import grpc
from google.protobuf import timestamp_pb2
from purvey.account.v1 import account_service_pb2 as accounts
from purvey.account.v1 import account_service_pb2_grpc as accounts_grpc
from purvey.account.v1 import brand_service_pb2 as brands
from purvey.account.v1 import brand_service_pb2_grpc as brands_grpc
from purvey.account.v1 import certificate_service_pb2 as certificates
from purvey.account.v1 import certificate_service_pb2_grpc as certificates_grpc
from purvey.account.v1 import domain_pb2
from purvey.account.v1 import domain_service_pb2 as domains
from purvey.account.v1 import domain_service_pb2_grpc as domains_grpc
from purvey.account.v1 import enrolment_service_pb2 as enrolments
from purvey.account.v1 import enrolment_service_pb2_grpc as enrolments_grpc
from purvey.account.v1 import identity_service_pb2 as identity
from purvey.account.v1 import identity_service_pb2_grpc as identity_grpc
from purvey.account.v1 import membership_service_pb2 as memberships
from purvey.account.v1 import membership_service_pb2_grpc as memberships_grpc
from purvey.account.v1 import portal_service_pb2 as portals
from purvey.account.v1 import portal_service_pb2_grpc as portals_grpc
from purvey.account.v1 import user_pb2
from purvey.account.v1 import user_service_pb2 as users
from purvey.account.v1 import user_service_pb2_grpc as users_grpc
from purvey.audit.v1 import audit_service_pb2 as audit
from purvey.audit.v1 import audit_service_pb2_grpc as audit_grpc
from purvey.common.v1 import vocabulary_pb2 as words
from purvey.contract.v1 import agreement_pb2
from purvey.contract.v1 import agreement_service_pb2 as agreements
from purvey.contract.v1 import agreement_service_pb2_grpc as agreements_grpc
from purvey.contract.v1 import contract_pb2
from purvey.contract.v1 import contract_service_pb2 as contracts
from purvey.contract.v1 import contract_service_pb2_grpc as contracts_grpc
from purvey.event.v1 import event_service_pb2 as events
from purvey.event.v1 import event_service_pb2_grpc as events_grpc
from purvey.order.v1 import order_pb2
from purvey.order.v1 import order_service_pb2 as orders
from purvey.order.v1 import order_service_pb2_grpc as orders_grpc
from purvey.order.v1 import subscription_service_pb2 as subscriptions
from purvey.order.v1 import subscription_service_pb2_grpc as subscriptions_grpc
from purvey.order.v1 import subscription_pb2
from purvey.order.v1 import tier_account_pb2
from purvey.order.v1 import tier_account_service_pb2 as tiers
from purvey.order.v1 import tier_account_service_pb2_grpc as tiers_grpc
from purvey.product.v1 import connection_pb2
from purvey.product.v1 import connection_service_pb2 as connections
from purvey.product.v1 import connection_service_pb2_grpc as connections_grpc
from purvey.product.v1 import hub_service_pb2 as hubs
from purvey.product.v1 import hub_service_pb2_grpc as hubs_grpc
from purvey.product.v1 import item_pb2
from purvey.product.v1 import item_service_pb2 as items
from purvey.product.v1 import item_service_pb2_grpc as items_grpc
from purvey.product.v1 import listing_pb2
from purvey.product.v1 import listing_proposal_service_pb2 as proposals
from purvey.product.v1 import listing_proposal_service_pb2_grpc as proposals_grpc
from purvey.product.v1 import marketplace_pb2
from purvey.product.v1 import marketplace_service_pb2 as marketplaces
from purvey.product.v1 import marketplace_service_pb2_grpc as marketplaces_grpc
from purvey.product.v1 import product_pb2
from purvey.product.v1 import product_service_pb2 as products
from purvey.product.v1 import product_service_pb2_grpc as products_grpc
from purvey.product.v1 import template_pb2
from purvey.product.v1 import template_service_pb2 as templates
from purvey.product.v1 import template_service_pb2_grpc as templates_grpc
from purvey.usage.v1 import charge_service_pb2 as charges
from purvey.usage.v1 import charge_service_pb2_grpc as charges_grpc
from purvey.usage.v1 import usage_record_pb2
from purvey.usage.v1 import usage_report_pb2
from purvey.usage.v1 import usage_report_service_pb2 as usage
from purvey.usage.v1 import usage_report_service_pb2_grpc as usage_grpc

ADDRESS, DATA, WORK, ENROL = sys.argv[1:5]


def fresh():
    return str(uuid.uuid4())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def connect(certificate, key, name="localhost", roots=f"{DATA}/authority/server-ca.pem", address=ADDRESS):
    credentials = grpc.ssl_channel_credentials(read(roots), key and read(key), certificate and read(certificate))
    return grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", name)])


def check(name, good, detail=""):
    print(f"{'ok' if good else 'FAIL'} python {name}" + ("" if good else f": {detail}"), flush=True)


def refused(name, code, call):
    try:
        call()
        check(name, False, "was not refused")
    except grpc.RpcError as error:
        check(name, error.code() == code, f"{error.code()} {error.details()}")


def make_key(slug):
    """A new key in WORK/slug.key, and its signing request."""
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    f"{WORK}/{slug}.key", "-out", f"{WORK}/{slug}.csr", "-subj", "/CN=ignored"], check=True,
                   capture_output=True)
    return read(f"{WORK}/{slug}.csr").decode()


class Actor:
    """An account with one user, and the channel of its certificate."""

    def __init__(self, operator, kind, name):
        account = accounts_grpc.AccountServiceStub(operator).CreateAccount(
            accounts.CreateAccountRequest(type=kind, name=name, request_id=fresh())).account
        made = users_grpc.UserServiceStub(operator).CreateUser(users.CreateUserRequest(
            account_id=account.id, name="Python", kind=user_pb2.USER_KIND_SERVICE,
            group_ids=[account.administrators_group_id], request_id=fresh()))
        self.id, self.user_id, slug = account.id, made.user.id, name.lower()
        self.key, self.pem = f"{WORK}/{slug}.key", f"{WORK}/{slug}.pem"
        issued = certificates_grpc.CertificateServiceStub(operator).IssueCertificate(certificates.IssueCertificateRequest(
            membership_id=made.membership.id, csr_pem=make_key(slug), request_id=fresh()))
        with open(self.pem, "w") as file:
            file.write(issued.certificate_pem + issued.chain_pem)
        self.certificate_id = issued.certificate.id
        self.channel = connect(self.pem, self.key)


def contract_flow(distributor, vendor, reseller, marketplace_id):
    stub = agreements_grpc.AgreementServiceStub(distributor.channel)

    def agree(kind, name, **more):
        return stub.CreateAgreement(agreements.CreateAgreementRequest(type=kind, name=name, activate=True, request_id=fresh(),
                                                                      **more)).agreement

    program = agree(agreement_pb2.AGREEMENT_TYPE_PROGRAM, "Program")
    distribution = agree(agreement_pb2.AGREEMENT_TYPE_DISTRIBUTION, "Distribution", parent_agreement_id=program.id,
                         marketplace_id=marketplace_id)
    service = agree(agreement_pb2.AGREEMENT_TYPE_SERVICE, "Service")
    ours = contracts_grpc.ContractServiceStub(distributor.channel)
    for agreement, partner in ((program, vendor), (service, reseller)):
        offered = ours.CreateContract(contracts.CreateContractRequest(agreement_id=agreement.id, partner_id=partner.id,
                                                                      request_id=fresh())).contract
        signed = contracts_grpc.ContractServiceStub(partner.channel).SignContract(contracts.SignContractRequest(
            contract_id=offered.id, etag=offered.etag, request_id=fresh())).contract
        check(f"contract of agreement {agreement.name} is active", signed.state == contract_pb2.CONTRACT_STATE_ACTIVE)
    enrolled = contracts_grpc.ContractServiceStub(vendor.channel).EnrollContract(
        contracts.EnrollContractRequest(agreement_id=distribution.id, request_id=fresh())).contract
    check("an enrolled contract waits", enrolled.state == contract_pb2.CONTRACT_STATE_PENDING)
    refused("a vendor cannot sign its own distribution contract", grpc.StatusCode.PERMISSION_DENIED,
            lambda: contracts_grpc.ContractServiceStub(vendor.channel).SignContract(contracts.SignContractRequest(
                contract_id=enrolled.id, etag=enrolled.etag, request_id=fresh())))
    signed = ours.SignContract(contracts.SignContractRequest(contract_id=enrolled.id, etag=enrolled.etag,
                                                             request_id=fresh())).contract
    check("a signed distribution contract is active", signed.state == contract_pb2.CONTRACT_STATE_ACTIVE)
    return signed


def market(distributor):
    hub = hubs_grpc.HubServiceStub(distributor.channel).CreateHub(hubs.CreateHubRequest(name="Hub", request_id=fresh())).hub
    made = marketplaces_grpc.MarketplaceServiceStub(distributor.channel).CreateMarketplace(
        marketplaces.CreateMarketplaceRequest(name="Market", currency="USD",
                                              hubs=[marketplace_pb2.MarketplaceHub(hub_id=hub.id)],
                                              request_id=fresh())).marketplace
    return hub, made


def product_flow(distributor, vendor, hub, marketplace):
    stub = products_grpc.ProductServiceStub(vendor.channel)
    product = stub.CreateProduct(products.CreateProductRequest(
        name="Cloud", category="Cloud", short_description="Cloud", request_id=fresh(),
        capabilities=product_pb2.ProductCapabilities(usage_schema=product_pb2.USAGE_SCHEMA_CR))).product
    item = items_grpc.ItemServiceStub(vendor.channel).CreateItem(items.CreateItemRequest(
        product_id=product.id, mpn="SKU-1", name="Hours", type=item_pb2.ITEM_TYPE_PAY_AS_YOU_GO,
        period=item_pb2.ITEM_PERIOD_MONTHLY, unit="Hours", quantity_scale=3, request_id=fresh())).item
    template = templates_grpc.TemplateServiceStub(vendor.channel).CreateTemplate(templates.CreateTemplateRequest(
        product_id=product.id, name="Ready", type=template_pb2.TEMPLATE_TYPE_FULFILLMENT, body="Ready.",
        request_id=fresh())).template
    product = stub.PublishProduct(products.PublishProductRequest(product_id=product.id, request_id=fresh())).product
    check("a product is published", product.state == product_pb2.PRODUCT_STATE_PUBLISHED)
    theirs = proposals_grpc.ListingProposalServiceStub(vendor.channel)
    ours = proposals_grpc.ListingProposalServiceStub(distributor.channel)
    proposal = theirs.CreateListingProposal(proposals.CreateListingProposalRequest(
        kind=listing_pb2.LISTING_PROPOSAL_KIND_NEW, product_id=product.id, marketplace_id=marketplace.id,
        request_id=fresh())).listing_proposal
    refused("a distributor does not see a draft", grpc.StatusCode.NOT_FOUND,
            lambda: products_grpc.ProductServiceStub(distributor.channel).GetProduct(
                products.GetProductRequest(product_id=product.id)))
    theirs.SubmitListingProposal(proposals.SubmitListingProposalRequest(listing_proposal_id=proposal.id, request_id=fresh()))
    ours.DeployListingProposal(proposals.DeployListingProposalRequest(listing_proposal_id=proposal.id, request_id=fresh()))
    connections_grpc.ConnectionServiceStub(distributor.channel).CreateConnection(connections.CreateConnectionRequest(
        product_id=product.id, hub_id=hub.id, type=connection_pb2.CONNECTION_TYPE_PRODUCTION, request_id=fresh()))
    done = ours.CompleteListingProposal(proposals.CompleteListingProposalRequest(
        listing_proposal_id=proposal.id, request_id=fresh())).listing_proposal
    check("a listing proposal is completed", done.state == listing_pb2.LISTING_PROPOSAL_STATE_COMPLETED)
    return product, item, template


def order_flow(vendor, reseller, product, item, template, marketplace):
    stub = tiers_grpc.TierAccountServiceStub(reseller.channel)
    parent = stub.CreateTierAccount(tiers.CreateTierAccountRequest(
        kind=tier_account_pb2.TIER_ACCOUNT_KIND_RESELLER, name="Reseller", request_id=fresh())).tier_account
    customer = stub.CreateTierAccount(tiers.CreateTierAccountRequest(
        kind=tier_account_pb2.TIER_ACCOUNT_KIND_CUSTOMER, name="Customer", parent_id=parent.id,
        request_id=fresh())).tier_account
    theirs = orders_grpc.OrderServiceStub(reseller.channel)
    ours = orders_grpc.OrderServiceStub(vendor.channel)

    def approve(order):
        return ours.ApproveOrder(orders.ApproveOrderRequest(order_id=order.id, etag=order.etag, template_id=template.id,
                                                            request_id=fresh())).order

    order = theirs.CreateOrder(orders.CreateOrderRequest(
        kind=order_pb2.ORDER_KIND_PURCHASE, product_id=product.id, marketplace_id=marketplace.id, customer_id=customer.id,
        external_id="S-1", items=[orders.OrderItemInput(item_id=item.id, unlimited=True)], request_id=fresh())).order
    check("a purchase is pending", order.state == order_pb2.ORDER_STATE_PENDING)
    refused("a second open order is refused", grpc.StatusCode.FAILED_PRECONDITION,
            lambda: theirs.CreateOrder(orders.CreateOrderRequest(kind=order_pb2.ORDER_KIND_CANCEL,
                                                                 subscription_id=order.subscription_id, request_id=fresh())))
    refused("a stale etag is refused", grpc.StatusCode.ABORTED, lambda: ours.ApproveOrder(orders.ApproveOrderRequest(
        order_id=order.id, etag='"0"', template_id=template.id, request_id=fresh())))
    check("a purchase is approved", approve(order).state == order_pb2.ORDER_STATE_APPROVED)
    found = subscriptions_grpc.SubscriptionServiceStub(reseller.channel).GetSubscription(
        subscriptions.GetSubscriptionRequest(subscription_id=order.subscription_id)).subscription
    check("its subscription is active", found.state == subscription_pb2.SUBSCRIPTION_STATE_ACTIVE)
    return found


def at(day, hour=0):
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(datetime.datetime(2026, 10, day, hour))
    return stamp


def usage_flow(vendor, distributor, product, contract, subscription):
    stub = usage_grpc.UsageReportServiceStub(vendor.channel)
    ours = usage_grpc.UsageReportServiceStub(distributor.channel)
    report = stub.CreateUsageReport(usage.CreateUsageReportRequest(
        product_id=product.id, contract_id=contract.id, name="October", currency="USD", period_start=at(1), period_end=at(31),
        request_id=fresh())).report

    def batches():
        for batch in range(10):
            request = usage.UploadUsageRecordsRequest(first_number=batch * 20 + 1)
            if batch == 0:
                request.report_id, request.truncate, request.request_id = report.id, True, fresh()
            for i in range(20):
                request.records.append(usage_record_pb2.UsageRecord(
                    record_id=f"r-{batch}-{i}", mpn="SKU-1", subscription_id=subscription.id, quantity="1.5",
                    amount="0.00000000001", currency="USD", start_time=at(2, i), end_time=at(2, i + 1)))
            yield request

    stored = stub.UploadUsageRecords(batches())
    check("200 records are stored", stored.stored == 200 and stored.report.stats.valid == 200, stored)
    check("the report is ready", stored.report.state == usage_report_pb2.USAGE_REPORT_STATE_READY)
    sent = stub.SubmitUsageReport(usage.SubmitUsageReportRequest(report_id=report.id, request_id=fresh())).report
    accepted = ours.AcceptUsageReport(usage.AcceptUsageReportRequest(report_id=report.id, etag=sent.etag,
                                                                     request_id=fresh())).report
    closed = ours.CloseUsageReport(usage.CloseUsageReportRequest(report_id=report.id, etag=accepted.etag,
                                                                 external_billing_id="INV-1", request_id=fresh()))
    check("the report is closed", closed.report.state == usage_report_pb2.USAGE_REPORT_STATE_CLOSED)
    found = charges_grpc.ChargeServiceStub(distributor.channel).ListCharges(charges.ListChargesRequest(report_id=report.id))
    check("the charge is exact", [c.amount.amount.value for c in found.charges] == ["0.000000002"], found)
    exported = sum(len(message.records) for message in stub.ExportUsageRecords(
        usage.ExportUsageRecordsRequest(report_id=report.id)))
    check("all records are exported", exported == 200, exported)


def event_flow(distributor):
    stub = events_grpc.EventServiceStub(distributor.channel)
    seen = []
    stream = stub.WatchEvents(events.WatchEventsRequest(), timeout=10)
    for message in stream:
        seen += [event.sequence for event in message.events]
        if not message.events or len(seen) >= 10:
            break
    stream.cancel()
    check("the feed has no gap", len(seen) >= 10 and seen == list(range(1, len(seen) + 1)), seen)
    token = stub.ListEvents(events.ListEventsRequest(page_size=1000)).resume_token
    timer = threading.Timer(0.3, lambda: market(distributor))
    timer.start()
    pushed = [event.method for batch in first_batches(stub, token) for event in batch]
    timer.join()
    check("a change is pushed", "purvey.product.v1.HubService/CreateHub" in pushed, pushed)


def first_batches(stub, token):
    """Batches of events behind the token until the first that is not empty."""
    stream = stub.WatchEvents(events.WatchEventsRequest(resume_token=token), timeout=10)
    for message in stream:
        yield message.events
        if message.events:
            break
    stream.cancel()


def portal_flow(distributor, vendor):
    brand = brands_grpc.BrandServiceStub(distributor.channel)
    made = brand.CreateBrand(brands.CreateBrandRequest(name="Shop", title="The shop", request_id=fresh())).brand
    brand.PublishBrand(brands.PublishBrandRequest(brand_id=made.id, request_id=fresh()))
    stub = domains_grpc.DomainServiceStub(distributor.channel)
    claim = stub.CreateDomain(domains.CreateDomainRequest(name="Shop.Example", request_id=fresh())).domain
    with open(f"{WORK}/zone", "w", encoding="ascii") as zone:
        zone.write(f'{claim.challenge_name}. 60 IN TXT "{claim.challenge_value}"\n')
    proved = stub.VerifyDomain(domains.VerifyDomainRequest(domain_id=claim.id, request_id=fresh())).domain
    check("a domain is proved", proved.state == domain_pb2.DOMAIN_STATE_VERIFIED, proved)
    folder = f"{DATA}/certificates"
    os.mkdir(folder, 0o700)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=shop", "-addext", "subjectAltName=DNS:shop.example", "-keyout", f"{folder}/shop.key",
                    "-out", f"{WORK}/shop.pem"], check=True, capture_output=True)
    os.chmod(f"{folder}/shop.key", 0o600)
    shutil.copy(f"{WORK}/shop.pem", f"{folder}/shop.pem")

    def shown(actor, *name):
        channel = connect(actor.pem, actor.key, *name)
        grpc.channel_ready_future(channel).result(timeout=20)  # the server looks for new files each second
        return portals_grpc.PortalServiceStub(channel).GetPortal(portals.GetPortalRequest()).portal

    portal = shown(vendor, "shop.example", f"{WORK}/shop.pem")
    check("a partner sees the brand under its domain", portal.name == "Shop" and portal.title == "The shop", portal)
    check("and the portal of its role", portal.role == words.ACCOUNT_TYPE_VENDOR, portal)
    check("under another name it sees the platform's", shown(vendor).domain == "" != portal.domain, portal)


def enrolment_flow(operator, vendor):
    account = accounts_grpc.AccountServiceStub(operator).GetAccount(accounts.GetAccountRequest(account_id=vendor.id)).account
    token = memberships_grpc.MembershipServiceStub(vendor.channel).InviteMembership(memberships.InviteMembershipRequest(
        name="Grace", email="grace@vendor.example", group_ids=[account.administrators_group_id],
        request_id=fresh())).invitation_token
    visitor = connect(None, None, address=ENROL)
    stub = enrolments_grpc.EnrolmentServiceStub(visitor)

    def enrol(text, slug):
        return stub.Enroll(enrolments.EnrollRequest(invitation_token=text, csr_pem=make_key(slug), request_id=fresh()))

    def client(answer, slug):
        with open(f"{WORK}/{slug}.pem", "w", encoding="ascii") as file:
            file.write(answer.certificate_pem + answer.chain_pem)
        return connect(f"{WORK}/{slug}.pem", f"{WORK}/{slug}.key")

    def who(channel):
        return identity_grpc.IdentityServiceStub(channel).WhoAmI(identity.WhoAmIRequest())

    refused("who has no certificate calls nothing else", grpc.StatusCode.UNAUTHENTICATED, lambda: who(visitor))
    enrolled = enrol(token, "enrolled")
    first = client(enrolled, "enrolled")
    check("who has enrolled is let in", who(first).account.id == vendor.id)
    refused("a token counts once", grpc.StatusCode.FAILED_PRECONDITION, lambda: enrol(token, "second"))
    renewed = certificates_grpc.CertificateServiceStub(first).RenewCertificate(certificates.RenewCertificateRequest(
        csr_pem=make_key("renewed"), request_id=fresh()))
    second = client(renewed, "renewed")
    check("a renewed certificate is let in", who(second).user.id == enrolled.certificate.user_id)
    check("beside the old one", who(first).user.id == enrolled.certificate.user_id)
    certificates_grpc.CertificateServiceStub(vendor.channel).RevokeCertificate(certificates.RevokeCertificateRequest(
        certificate_id=renewed.certificate.id, reason="lost", request_id=fresh()))
    refused("until it is revoked", grpc.StatusCode.UNAUTHENTICATED, lambda: who(second))


def audit_flow(vendor, distributor):
    """Follows the chain of the vendor's trail by what the .proto says of it, with nothing but grpcio and hashlib."""
    stub = audit_grpc.AuditServiceStub(vendor.channel)
    token, previous, number, whole = "", bytes(32), 0, True
    while True:
        page = stub.ListAuditEntries(audit.ListAuditEntriesRequest(page_size=7, page_token=token))
        for entry in page.audit_entries:
            content = type(entry)()
            content.CopyFrom(entry)
            content.ClearField("previous_hash")
            content.ClearField("hash")
            digest = hashlib.sha256(entry.previous_hash + content.SerializeToString(deterministic=True)).digest()
            number += 1
            whole = whole and entry.sequence == number and entry.previous_hash == previous and entry.hash == digest
            previous = entry.hash
        token = page.next_page_token
        if not token:
            break
    check("the hashes of an audit trail are those of its entries", whole and number > 10, number)
    check("they lead to its head", page.trail.head.sequence == number and page.trail.head.hash == previous)
    refused("another account's trail is not found", grpc.StatusCode.NOT_FOUND,
            lambda: stub.ListAuditEntries(audit.ListAuditEntriesRequest(account_id=distributor.id)))


def trust(operator, vendor, distributor):
    me = identity_grpc.IdentityServiceStub(vendor.channel).WhoAmI(identity.WhoAmIRequest())
    check("WhoAmI knows the account", me.account.id == vendor.id, me)
    stub = accounts_grpc.AccountServiceStub(vendor.channel)
    refused("a vendor cannot make accounts", grpc.StatusCode.PERMISSION_DENIED, lambda: stub.CreateAccount(
        accounts.CreateAccountRequest(type=words.ACCOUNT_TYPE_VENDOR, name="X", request_id=fresh())))
    refused("another account is not found", grpc.StatusCode.NOT_FOUND,
            lambda: stub.GetAccount(accounts.GetAccountRequest(account_id=distributor.id)))
    refused("no certificate, no connection", grpc.StatusCode.UNAVAILABLE,
            lambda: identity_grpc.IdentityServiceStub(connect(None, None)).WhoAmI(identity.WhoAmIRequest(), timeout=5))
    leaver = Actor(operator, words.ACCOUNT_TYPE_VENDOR, "Leaver")
    open_channel = identity_grpc.IdentityServiceStub(leaver.channel)
    open_channel.WhoAmI(identity.WhoAmIRequest())
    certificates_grpc.CertificateServiceStub(operator).RevokeCertificate(certificates.RevokeCertificateRequest(
        certificate_id=leaver.certificate_id, reason="left", request_id=fresh()))
    refused("a revoked certificate is refused on its open connection", grpc.StatusCode.UNAUTHENTICATED,
            lambda: open_channel.WhoAmI(identity.WhoAmIRequest()))


def main():
    operator = connect(f"{DATA}/operator.pem", f"{DATA}/operator.key")
    distributor = Actor(operator, words.ACCOUNT_TYPE_DISTRIBUTOR, "Distributor")
    vendor = Actor(operator, words.ACCOUNT_TYPE_VENDOR, "Vendor")
    reseller = Actor(operator, words.ACCOUNT_TYPE_RESELLER, "Reseller")
    hub, marketplace = market(distributor)
    contract = contract_flow(distributor, vendor, reseller, marketplace.id)
    product, item, template = product_flow(distributor, vendor, hub, marketplace)
    subscription = order_flow(vendor, reseller, product, item, template, marketplace)
    usage_flow(vendor, distributor, product, contract, subscription)
    event_flow(distributor)
    portal_flow(distributor, vendor)
    enrolment_flow(operator, vendor)
    trust(operator, vendor, distributor)
    audit_flow(vendor, distributor)


main()
