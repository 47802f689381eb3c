// It keeps accepting: within its bounds, beyond them, and when there are no descriptors.
#include "tests/unit/edge/fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace purvey {
namespace {

class Listen : public Edge {
  protected:
    bool works(const Certificate &as, const std::string &source = "")
    {
        h2::Tls tls(as.pem, as.key);
        h2::Options options;
        options.tls = &tls;
        options.source = source;
        h2::Peer peer(address(), options);
        peer.send(h2::preface());
        return answers(&peer);
    }
};

TEST_F(Listen, ASourceHasItsShareAndOthersHaveTheirs)
{
    config.bounds.connections_per_source = 3;
    start();
    std::vector<std::unique_ptr<h2::Peer>> open;
    for (int i = 0; i < 3; i++) {
        open.push_back(connect(one));
        ASSERT_TRUE(open.back()->seen().connected);
    }
    EXPECT_FALSE(works(one));
    EXPECT_GE(counts().refused_source, 1u);
    EXPECT_TRUE(works(one, "127.0.0.2")) << "another address";
    open.pop_back();
    EXPECT_TRUE(eventually([&] { return works(one); })) << "after one has gone";
}

TEST_F(Listen, ACertificateHasItsShareAndOthersHaveTheirs)
{
    config.bounds.connections_per_certificate = 2;
    start();
    auto first = connect(one), second = connect(one);
    ASSERT_TRUE(eventually([&] { return counts().established == 2; }));
    EXPECT_FALSE(works(one));
    EXPECT_EQ(counts().refused_certificate, 1u);
    EXPECT_TRUE(works(two));
}

TEST_F(Listen, ASourceThatComesTooFastWaits)
{
    config.bounds.handshakes_per_second = 2; // and twenty at once
    start();
    int served = 0;
    for (int i = 0; i < 30; i++) { served += works(one); }
    EXPECT_GE(served, 20);
    EXPECT_GE(counts().refused_source, 1u);
    EXPECT_TRUE(works(one, "127.0.0.2"));
    EXPECT_TRUE(eventually([&] { return works(one); })) << "its share comes back";
}

TEST_F(Listen, BeyondAllThereIsRoomForTheOnesWhoCameIn)
{
    config.bounds.connections = 2;
    start();
    auto first = connect(one), second = connect(two);
    EXPECT_FALSE(works(one));
    EXPECT_GE(counts().refused_total, 1u);
    first.reset();
    EXPECT_TRUE(eventually([&] { return works(one); }));
}

TEST_F(Listen, WithoutDescriptorsItDropsAndThenGoesOn)
{
    start();
    ASSERT_TRUE(works(one));
    ASSERT_TRUE(eventually([&] { return pv_edge_open(edge) == 0; }));
    // Sockets of ours, so that connecting needs no descriptor; then as good as none are left.
    std::vector<int> sockets;
    for (int i = 0; i < 40; i++) {
        sockets.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }
    rlimit before = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit low = before;
    low.rlim_cur = static_cast<rlim_t>(sockets.back()) + 4;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(pv_edge_port(edge, 0)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int fd : sockets) { (void)::connect(fd, reinterpret_cast<sockaddr *>(&to), sizeof to); }
    EXPECT_TRUE(eventually([&] { return counts().accept_errors > 0; }));
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (int fd : sockets) { close(fd); }
    EXPECT_TRUE(eventually([&] { return works(one); })) << "the listener is dead";
}

TEST_F(Listen, AHandshakeThatGoesNowhereIsEndedInTime)
{
    start();
    h2::Peer mute(address()); // TCP, and not a word
    EXPECT_TRUE(mute.read_close(10000));
    EXPECT_EQ(counts().handshakes_failed, 1u);
}

TEST_F(Listen, AnAddressThatIsTakenOrNoneIsSaid)
{
    start();
    const std::string taken = address();
    for (const std::string &wrong :
         {taken, std::string("nowhere"), std::string("256.1.1.1:1"), std::string("127.0.0.1:")}) {
        listener.address = wrong.c_str();
        pv_edge *second = nullptr;
        pv_error_init(&error, arena);
        EXPECT_FALSE(pv_is_ok(pv_edge_create(&config, &error, &second))) << wrong;
        EXPECT_NE(std::string(error.message).find(wrong), std::string::npos) << error.message;
    }
}

TEST_F(Listen, SeveralListenersHaveEachItsPolicyAndItsCore)
{
    Core other(folder + "/other.sock");
    const std::string other_path = folder + "/other.sock";
    pv_edge_listener both[2] = {listener, listener};
    both[1].demands_certificate = false;
    both[1].core_path = other_path.c_str();
    config.listeners = both;
    config.listener_count = 2;
    start();
    EXPECT_TRUE(works(one));
    h2::Tls nobody;
    h2::Options options;
    options.tls = &nobody;
    h2::Peer peer("127.0.0.1:" + std::to_string(pv_edge_port(edge, 1)), options);
    peer.send(h2::preface());
    EXPECT_TRUE(answers(&peer));
    EXPECT_EQ(core->arrivals().size(), 1u);
    EXPECT_EQ(other.arrivals().size(), 1u);
}

} // namespace
} // namespace purvey
