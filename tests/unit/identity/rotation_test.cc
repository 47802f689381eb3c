// Rotation of the authority that issues clients' certificates: what each step lets be signed and accepted, and that a
// process which dies anywhere in it leaves a folder that works and the step can be made again.
#include "server/identity/rotation.h"

#include "tests/unit/identity/crypto.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

// Files are changed by these alone; a child dies before the one that it is told.
extern "C" {
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_fsync(int descriptor);
static int dies_before = -1;
static void step()
{
    if (dies_before >= 0 && dies_before-- == 0) { _exit(77); }
}
int __wrap_rename(const char *from, const char *to)
{
    step();
    return __real_rename(from, to);
}
int __wrap_unlink(const char *path)
{
    step();
    return __real_unlink(path);
}
int __wrap_fsync(int descriptor)
{
    step();
    return __real_fsync(descriptor);
}
}

namespace purvey {
namespace {

constexpr int64_t kDay = INT64_C(86400) * 1000000000;

std::string Hex(const pv_issuer &issuer)
{
    char hex[2 * PV_SHA256_SIZE + 1];
    pv_hex_format(pv_view_of(issuer.sha256, sizeof issuer.sha256), hex);
    return hex;
}

// A folder that can be rotated, and a server that has loaded it.
class Rotation : public testing::Test {
  protected:
    const char *folder() const { return authority.folder.path.c_str(); }

    bool Prepare(const char *key_file = nullptr)
    {
        pv_authority_options options = {folder(), nullptr, nullptr, 0, At(kNow), key_file};
        memory.Clear();
        return pv_is_ok(pv_authority_prepare(&options, &memory.error, &issuer));
    }
    bool Activate(int64_t now = kNow)
    {
        memory.Clear();
        return pv_is_ok(pv_authority_activate(folder(), At(now), &memory.error, &issuer));
    }
    bool Retire(const pv_issuer &which, bool compromised = false, int64_t now = kNow)
    {
        memory.Clear();
        return pv_is_ok(
            pv_authority_retire(folder(), which.sha256, compromised, At(now), &memory.error));
    }
    bool Reload()
    {
        memory.Clear();
        return pv_is_ok(pv_authority_reload(authority.loaded, &memory.error));
    }
    // "active prepared retiring retired": how many there are of each.
    std::string Count()
    {
        const pv_issuing_info *list = nullptr;
        size_t count = 0, in[4] = {};
        memory.Clear();
        if (!pv_is_ok(pv_authority_list(folder(), memory.arena, &memory.error, &list, &count))) {
            return memory.Message();
        }
        for (size_t i = 0; i < count; i++) { in[list[i].state]++; }
        return std::to_string(in[0]) + " " + std::to_string(in[1]) + " " + std::to_string(in[2]) +
               " " + std::to_string(in[3]);
    }
    pv_issuer Signing()
    {
        pv_issuer now = {};
        const pv_signer *signer = pv_authority_signer(authority.loaded);
        memory.Clear();
        EXPECT_TRUE(pv_is_ok(signer->issuer(signer, &now, &memory.error))) << memory.Message();
        return now;
    }
    // A certificate by whoever signs, or by the one that is named; its chain must lead to the root.
    pv_signed Sign(const pv_issuer *by = nullptr)
    {
        std::string csr = MakeRequest(EcKey("P-256"));
        pv_signing signing = authority.Signing(csr);
        if (by != nullptr) { memcpy(signing.issuer_sha256, by->sha256, sizeof by->sha256); }
        pv_signed made = {};
        memory.Clear();
        pv_status status =
            pv_authority_sign(authority.loaded, &signing, memory.arena, &made, &memory.error);
        if (pv_is_ok(status)) {
            std::string why;
            EXPECT_TRUE(Verifies(ParsePem(made.pem).get(), {ParsePem(made.chain_pem)},
                                 ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT)).get(),
                                 X509_PURPOSE_SSL_CLIENT, kNow + kDay, &why))
                << why;
        }
        return made;
    }

    Authority authority;
    Memory memory;
    pv_issuer issuer = {};
};

TEST_F(Rotation, ThePreparedOneSignsOnceItIsActiveAndAServerNeedsOnlyLookAgain)
{
    const pv_issuer first = Signing();
    EXPECT_EQ(Count(), "1 0 0 0");
    ASSERT_TRUE(Prepare()) << memory.Message();
    const pv_issuer second = issuer;
    EXPECT_EQ(Count(), "1 1 0 0");
    EXPECT_TRUE(pv_authority_files_changed(authority.loaded));
    ASSERT_TRUE(Reload()) << memory.Message();
    EXPECT_FALSE(pv_authority_files_changed(authority.loaded));
    EXPECT_EQ(Hex(Signing()), Hex(first)) << "prepared is not active";
    ASSERT_TRUE(Activate()) << memory.Message();
    EXPECT_EQ(Hex(issuer), Hex(second));
    EXPECT_EQ(Count(), "1 0 1 0");
    EXPECT_EQ(Hex(Signing()), Hex(first)) << "until it is loaded again";
    ASSERT_TRUE(Reload()) << memory.Message();
    EXPECT_EQ(Hex(Signing()), Hex(second));
    pv_signed made = Sign();
    EXPECT_EQ(memcmp(made.issuer_sha256, second.sha256, PV_SHA256_SIZE), 0);
    made = Sign(&first); // what was begun with it is ended with it
    ASSERT_NE(made.pem, nullptr) << memory.Message();
    EXPECT_EQ(memcmp(made.issuer_sha256, first.sha256, PV_SHA256_SIZE), 0);
    ASSERT_TRUE(Retire(first)) << memory.Message();
    EXPECT_EQ(Count(), "1 0 0 1");
    ASSERT_TRUE(Reload()) << memory.Message();
    EXPECT_EQ(Sign(&first).pem, nullptr);
    EXPECT_EQ(memory.Reason(), "AUTHORITY_UNAVAILABLE");
    EXPECT_NE(Sign().pem, nullptr) << memory.Message();
    pv_issuer refused[PV_ISSUERS_REFUSED_MAX];
    ASSERT_EQ(pv_authority_refused(authority.loaded, refused), 1u);
    EXPECT_EQ(Hex(refused[0]), Hex(first));
}

TEST_F(Rotation, ManyFollowOneAnotherAndAllButTheRetiredAreAccepted)
{
    std::vector<pv_issuer> all = {Signing()};
    for (int i = 0; i < 4; i++) {
        ASSERT_TRUE(Prepare() && Activate() && Reload()) << memory.Message();
        all.push_back(issuer);
        for (const pv_issuer &by : all) { EXPECT_NE(Sign(&by).pem, nullptr) << memory.Message(); }
    }
    EXPECT_EQ(Count(), "1 0 4 0");
    ASSERT_TRUE(Retire(all[2]) && Retire(all[0]) && Reload()) << memory.Message();
    EXPECT_EQ(Count(), "1 0 2 2");
    ASSERT_TRUE(Retire(all[2])) << "again";
    for (size_t i = 0; i < all.size(); i++) {
        EXPECT_EQ(Sign(&all[i]).pem != nullptr, i != 0 && i != 2) << i;
    }
    std::string files;
    for (const auto &entry : std::filesystem::directory_iterator(folder())) {
        struct stat facts = {};
        ASSERT_EQ(stat(entry.path().c_str(), &facts), 0);
        if (entry.path().extension() == ".key") { EXPECT_EQ(facts.st_mode & 0777, 0600u); }
        files += entry.path().filename().string() + " ";
    }
    EXPECT_EQ(files.find(Hex(all[2]).substr(0, 16)), std::string::npos) << "its key is removed";
    EXPECT_EQ(files.find("issuing.key"), std::string::npos) << "and the first one's";
}

TEST_F(Rotation, TheRootsKeyMayLieElsewhereAndIsNotNeededOtherwise)
{
    Folder safe;
    std::string key = safe.File("root.key");
    std::filesystem::rename(authority.folder.File(PV_AUTHORITY_ROOT_KEY), key);
    EXPECT_FALSE(Prepare());
    EXPECT_NE(memory.Message().find("root.key"), std::string::npos) << memory.Message();
    ASSERT_TRUE(Prepare(key.c_str())) << memory.Message();
    ASSERT_TRUE(Activate() && Reload()) << memory.Message();
    EXPECT_NE(Sign().pem, nullptr);
    Authority other;
    std::string foreign = other.folder.File(PV_AUTHORITY_ROOT_KEY);
    EXPECT_FALSE(Prepare(foreign.c_str()));
    EXPECT_NE(memory.Message().find("does not belong to root.pem"), std::string::npos);
}

TEST_F(Rotation, ACompromisedOneIsRefusedAtOnceThoughItSigns)
{
    const pv_issuer first = Signing();
    EXPECT_FALSE(Retire(first)) << "it signs";
    EXPECT_EQ(Count(), "1 0 0 0");
    ASSERT_TRUE(Retire(first, true)) << memory.Message();
    EXPECT_EQ(Count(), "0 0 0 1");
    EXPECT_FALSE(std::filesystem::exists(authority.folder.File(PV_AUTHORITY_ISSUING_KEY)));
    ASSERT_TRUE(Reload()) << memory.Message();
    EXPECT_EQ(Sign().pem, nullptr);
    EXPECT_EQ(memory.Reason(), "AUTHORITY_UNAVAILABLE");
    Memory fresh;
    pv_authority *again = nullptr;
    EXPECT_TRUE(pv_is_ok(pv_authority_load(folder(), fresh.arena, &fresh.error, &again)))
        << "a server starts without an authority that signs: " << fresh.Message();
    pv_authority_close(again);
    ASSERT_TRUE(Prepare() && Activate() && Reload()) << memory.Message();
    EXPECT_EQ(Count(), "1 0 0 1");
    EXPECT_NE(Sign().pem, nullptr) << memory.Message();
    // With another one prepared, that takes over in the same command.
    const pv_issuer second = issuer;
    ASSERT_TRUE(Prepare()) << memory.Message();
    const pv_issuer third = issuer;
    ASSERT_TRUE(Retire(second, true) && Reload()) << memory.Message();
    EXPECT_EQ(Count(), "1 0 0 2");
    EXPECT_EQ(Hex(Signing()), Hex(third));
}

TEST_F(Rotation, StepsThatMakeNoSenseAreRefusedAndChangeNothing)
{
    EXPECT_FALSE(Activate());
    EXPECT_NE(memory.Message().find("prepare one first"), std::string::npos);
    ASSERT_TRUE(Prepare()) << memory.Message();
    const pv_issuer prepared = issuer;
    EXPECT_FALSE(Prepare());
    EXPECT_NE(memory.Message().find("prepared already"), std::string::npos);
    EXPECT_FALSE(Activate(prepared.not_after.utc_ns));
    EXPECT_NE(memory.Message().find("has ended"), std::string::npos);
    pv_issuer nobody = {};
    EXPECT_FALSE(Retire(nobody, true));
    EXPECT_EQ(Count(), "1 1 0 0");
    ASSERT_TRUE(Retire(prepared)) << memory.Message();
    EXPECT_EQ(Count(), "1 0 0 1") << "one that was never used can be given up";
    EXPECT_TRUE(Prepare()) << memory.Message();
}

TEST_F(Rotation, NoIssuingAuthorityOutlivesTheRoot)
{
    const int64_t late = kNow + 3000 * kDay; // the root has ten years
    pv_authority_options options = {folder(), nullptr, nullptr, 0, At(late), nullptr};
    ASSERT_TRUE(pv_is_ok(pv_authority_prepare(&options, &memory.error, &issuer)))
        << memory.Message();
    EXPECT_LT(issuer.not_after.utc_ns, kNow + 3653 * kDay);
    ASSERT_TRUE(Retire(issuer));
    options.now = At(kNow + 4000 * kDay);
    memory.Clear();
    EXPECT_FALSE(pv_is_ok(pv_authority_prepare(&options, &memory.error, &issuer)));
    EXPECT_NE(memory.Message().find("root has ended"), std::string::npos) << memory.Message();
}

TEST_F(Rotation, RetiredOnesLeaveTheListWhenTheyHaveEnded)
{
    const pv_issuer first = Signing();
    ASSERT_TRUE(Prepare() && Activate()) << memory.Message();
    const pv_issuer second = issuer;
    ASSERT_TRUE(Retire(first)) << memory.Message();
    EXPECT_EQ(Count(), "1 0 0 1");
    const int64_t later = first.not_after.utc_ns + kDay;
    pv_authority_options options = {folder(), nullptr, nullptr, 0, At(later), nullptr};
    ASSERT_TRUE(pv_is_ok(pv_authority_prepare(&options, &memory.error, &issuer)));
    ASSERT_TRUE(Activate(later) && Retire(second, false, later)) << memory.Message();
    EXPECT_EQ(Count(), "1 0 0 0") << "both have ended";
}

struct Spoiled {
    const char *name;
    std::function<void(const Folder &, const pv_issuer &)> spoil;
    const char *message;
};

const Spoiled kSpoiled[] = {
    {"ListIsNone",
     [](const Folder &folder, const pv_issuer &) {
         folder.Write(PV_AUTHORITY_RETIRED, "nothing\n", 0644);
     },
     "retired.pem"},
    {"ListIsCut",
     [](const Folder &folder, const pv_issuer &) {
         std::string pem = folder.Read(PV_AUTHORITY_ISSUING);
         folder.Write(PV_AUTHORITY_RETIRED, pem + pem.substr(0, pem.size() / 2), 0644);
     },
     "retired.pem"},
    {"NextIsCut",
     [](const Folder &folder, const pv_issuer &) {
         folder.Write("issuing-next.pem", folder.Read("issuing-next.pem").substr(0, 100), 0644);
     },
     "issuing-next.pem"},
    {"NextIsTheRoot",
     [](const Folder &folder, const pv_issuer &) {
         folder.Write("issuing-next.pem", folder.Read(PV_AUTHORITY_ROOT), 0644);
     },
     "not bound to one trust domain"},
    {"KeyOfAnother",
     [](const Folder &folder, const pv_issuer &next) {
         folder.Write(("issuing-" + Hex(next).substr(0, 16) + ".key").c_str(),
                      folder.Read(PV_AUTHORITY_ROOT_KEY), 0600);
     },
     "does not belong to issuing-next.pem"},
    {"OpenKey",
     [](const Folder &folder, const pv_issuer &next) {
         std::string name = "issuing-" + Hex(next).substr(0, 16) + ".key";
         EXPECT_EQ(chmod(folder.File(name.c_str()).c_str(), 0644), 0);
     },
     "can be reached by others"},
};

class SpoiledRotation : public Rotation, public testing::WithParamInterface<Spoiled> {};

TEST_P(SpoiledRotation, IsNotLoadedAndTheServerKeepsWhatItHas)
{
    const pv_issuer first = Signing();
    ASSERT_TRUE(Prepare()) << memory.Message();
    GetParam().spoil(authority.folder, issuer);
    EXPECT_FALSE(Reload());
    EXPECT_NE(memory.Message().find(GetParam().message), std::string::npos) << memory.Message();
    EXPECT_EQ(Hex(Signing()), Hex(first));
    EXPECT_NE(Sign().pem, nullptr);
    EXPECT_FALSE(Activate());
    EXPECT_FALSE(pv_authority_files_changed(authority.loaded)) << "it is not tried again and again";
}

INSTANTIATE_TEST_SUITE_P(Rotation, SpoiledRotation, testing::ValuesIn(kSpoiled),
                         [](const auto &test) { return std::string(test.param.name); });

// Makes a step in a child that dies before its n-th change of a file; false: it did not come to it.
bool DiesAt(int change, const std::function<bool()> &step)
{
    pid_t child = fork();
    if (child == 0) {
        dies_before = change;
        _exit(step() ? 0 : 1);
    }
    int how = 0;
    EXPECT_EQ(waitpid(child, &how, 0), child);
    EXPECT_TRUE(WIFEXITED(how));
    EXPECT_NE(WEXITSTATUS(how), 1) << "the step was refused";
    return WEXITSTATUS(how) == 77;
}

struct Step {
    const char *name;
    const char *before; // steps before it: p(repare), a(ctivate)
    char step;          // p, a, r(etire the one before), c(ompromised: the one that signs)
    const char *after;  // as Rotation::Count
};

const Step kSteps[] = {
    {"Prepare", "", 'p', "1 1 0 0"},
    {"PrepareAgain", "pa", 'p', "1 1 1 0"},
    {"Activate", "p", 'a', "1 0 1 0"},
    {"Retire", "pa", 'r', "1 0 0 1"},
    {"RetireMore", "papa", 'r', "1 0 1 1"},
    {"Compromised", "", 'c', "0 0 0 1"},
    {"CompromisedWithNext", "p", 'c', "1 0 0 1"},
};

class DyingRotation : public Rotation, public testing::WithParamInterface<Step> {
  protected:
    bool Make(char step)
    {
        switch (step) {
        case 'p': return Prepare();
        case 'a': return Activate();
        case 'r': return Retire(first);
        default: return Retire(signing, true);
        }
    }
    pv_issuer first = {}, signing = {};
};

TEST_P(DyingRotation, LeavesAFolderThatWorksAndCanBeMadeAgain)
{
    first = Signing();
    for (const char *step = GetParam().before; *step != '\0'; step++) { ASSERT_TRUE(Make(*step)); }
    ASSERT_TRUE(Reload()) << memory.Message();
    signing = Signing();
    const std::string before = Count();
    Folder kept;
    std::filesystem::copy(folder(), kept.path, std::filesystem::copy_options::recursive);
    int changes = 0;
    for (bool died = true; died; changes++) {
        std::filesystem::remove_all(folder());
        std::filesystem::copy(kept.path, folder());
        ASSERT_EQ(chmod(folder(), 0700), 0);
        died = DiesAt(changes, [&] { return Make(GetParam().step); });
        ASSERT_TRUE(Reload()) << changes << ": " << memory.Message();
        if (Count()[0] == '1') { EXPECT_NE(Sign().pem, nullptr) << changes; }
        // Made again, it is made whole; what was done already says so.
        if (died && !Make(GetParam().step)) {
            EXPECT_EQ(Count(), GetParam().after) << changes << ": " << memory.Message();
        }
        EXPECT_EQ(Count(), GetParam().after) << changes;
        ASSERT_TRUE(Reload()) << changes << ": " << memory.Message();
        if (GetParam().after[0] == '1') { EXPECT_NE(Sign().pem, nullptr) << changes; }
    }
    EXPECT_GT(changes, 2) << "the step changes files";
}

INSTANTIATE_TEST_SUITE_P(Rotation, DyingRotation, testing::ValuesIn(kSteps),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(Rotation, ARenewalOfTheServersCertificateThatDiesIsSettled)
{
    Folder kept;
    std::filesystem::copy(folder(), kept.path, std::filesystem::copy_options::recursive);
    pv_authority_options options = {folder(), nullptr, nullptr, 0, At(kNow), nullptr};
    auto renew = [&] { return pv_is_ok(pv_authority_renew_server(&options, &memory.error)); };
    auto pair_is_good = [&] {
        Certificate server = ParsePem(authority.folder.Read(PV_AUTHORITY_SERVER));
        BIO *bio = BIO_new_file(authority.folder.File(PV_AUTHORITY_SERVER_KEY).c_str(), "r");
        Key key(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr), EVP_PKEY_free);
        BIO_free(bio);
        return X509_check_private_key(server.get(), key.get()) == 1;
    };
    bool was_half = false;
    for (int changes = 0, died = 1; died != 0; changes++) {
        std::filesystem::remove_all(folder());
        std::filesystem::copy(kept.path, folder());
        died = DiesAt(changes, renew) ? 1 : 0;
        was_half = was_half || !pair_is_good();
        ASSERT_TRUE(pv_is_ok(pv_authority_settle(folder(), &memory.error))) << memory.Message();
        EXPECT_TRUE(pair_is_good()) << changes;
        ASSERT_TRUE(renew()) << changes << ": " << memory.Message();
        EXPECT_TRUE(pair_is_good()) << changes;
    }
    EXPECT_TRUE(was_half) << "one of the deaths was between the two files";
}

} // namespace
} // namespace purvey
