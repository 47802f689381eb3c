// Who a connection of the core belongs to: only by its name, only while it is open, and never by anything that a client
// could write.
#include "tests/unit/edge/fixture.h"

#include <set>

namespace purvey {
namespace {

class Identity : public Edge {};

TEST_F(Identity, TheNameOfTheSocketLeadsToCertificateAddressAndServerName)
{
    start();
    auto first = connect(one, "LocalHost");
    auto second = connect(two);
    ASSERT_TRUE(eventually([&] { return core->arrivals().size() == 2; }));
    std::set<std::array<uint8_t, 32>> digests;
    std::set<std::string> names, server_names;
    for (const Arrival &arrival : core->arrivals()) {
        pv_edge_peer peer;
        ASSERT_TRUE(pv_edge_find(edge, arrival.name.c_str(), &peer)) << arrival.name;
        EXPECT_TRUE(peer.has_certificate);
        EXPECT_EQ(std::string(peer.address).rfind("ipv4:127.0.0.1:", 0), 0u) << peer.address;
        std::array<uint8_t, 32> digest;
        std::copy(peer.certificate_sha256, peer.certificate_sha256 + 32, digest.begin());
        digests.insert(digest);
        names.insert(arrival.name);
        server_names.insert(peer.server_name);
    }
    EXPECT_EQ(digests, (std::set<std::array<uint8_t, 32>>{one.sha256, two.sha256}));
    EXPECT_EQ(server_names, (std::set<std::string>{"", "localhost"}));
    EXPECT_EQ(names.size(), 2u);
}

TEST_F(Identity, ARecordGoesWithItsConnectionAndItsNameNeverComesBack)
{
    start();
    std::set<std::string> names;
    for (size_t i = 1; i <= 20; i++) {
        auto peer = connect(i % 2 == 0 ? one : two);
        ASSERT_TRUE(eventually([&] { return core->arrivals().size() == i; }));
        std::string name = core->arrivals()[i - 1].name;
        pv_edge_peer found;
        EXPECT_TRUE(pv_edge_find(edge, name.c_str(), &found));
        EXPECT_TRUE(names.insert(name).second) << "used twice: " << name;
        peer.reset();
        ASSERT_TRUE(eventually([&] { return core->arrivals()[i - 1].ended; }));
        EXPECT_FALSE(pv_edge_find(edge, name.c_str(), &found)) << "outlived its connection";
    }
}

TEST_F(Identity, NamesThatAreNotExactlyOnesOwnLeadNowhere)
{
    start();
    auto peer = connect(one);
    ASSERT_TRUE(eventually([&] { return core->arrivals().size() == 1; }));
    const std::string name = core->arrivals()[0].name;
    pv_edge_peer found;
    ASSERT_TRUE(pv_edge_find(edge, name.c_str(), &found));
    std::string other_nonce = name;
    char &digit = other_nonce[name.rfind('/') - 1];
    digit = digit == '0' ? '1' : '0';
    std::string upper = name;
    for (char &letter : upper) { letter = static_cast<char>(toupper(letter)); }
    const std::string wrong[] = {
        "",
        "unix:",
        "unix-abstract:",
        "ipv4:127.0.0.1:1",
        name + "0",
        name + "/",
        other_nonce,
        upper,
        " " + name,
        name.substr(1),
        name.substr(0, name.size() - 1),
        name.substr(0, name.rfind('/') + 1),
        "unix-abstract:" + name,
    };
    for (const std::string &one_of : wrong) {
        EXPECT_FALSE(pv_edge_find(edge, one_of.c_str(), &found)) << one_of;
    }
}

TEST_F(Identity, WithoutDemandThereIsARecordWithoutACertificate)
{
    listener.demands_certificate = false;
    start();
    auto peer = connect(one); // shown or not: nobody asked
    ASSERT_TRUE(peer->seen().connected);
    ASSERT_TRUE(eventually([&] { return core->arrivals().size() == 1; }));
    pv_edge_peer found;
    ASSERT_TRUE(pv_edge_find(edge, core->arrivals()[0].name.c_str(), &found));
    EXPECT_FALSE(found.has_certificate);
    EXPECT_EQ(counts().established, 1u);
}

} // namespace
} // namespace purvey
