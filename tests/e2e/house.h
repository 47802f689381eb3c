// house.h — the real server on a real store in a folder of its own, with real certificates; and other programs run to
// their end. Only processes that a test began are ever signalled. Ports are the kernel's choice.
#ifndef PV_TESTS_E2E_HOUSE_H
#define PV_TESTS_E2E_HOUSE_H

#include "client/demo/chain.h"
#include "tests/e2e/caller.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace purvey {

// The programs under test.
std::string server_program();
std::string cli_program();
std::string demo_program();

// How a program ended. `code` is -1 if a signal ended it or it had to be stopped after half a minute.
struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
};

// Begins a program with its output in these files; the caller waits for it.
pid_t begin(const std::vector<std::string> &command, const std::vector<std::string> &environment,
            const std::string &out_path, const std::string &err_path);

// Runs a program to its end; `environment` is added to ours: "NAME=value".
Outcome run(const std::vector<std::string> &command,
            const std::vector<std::string> &environment = {});

// The program failed and said why: one sentence of its own on stderr and nothing else there but lines of a log.
::testing::AssertionResult one_sentence_of(const std::string &program, const Outcome &outcome);

std::string read_file(const std::string &path);
void write_file(const std::string &path, const std::string &content, unsigned mode = 0600);

// A fresh folder below the one that the test may write to; gone with the process's own.
std::string fresh_folder(const std::string &name);

// PEM texts of a client.
struct Identity {
    std::string certificate;
    std::string key;
};

class House {
  public:
    // A server with its operator. With a usage file also everybody in it, up to subscriptions that can be used.
    explicit House(const std::string &usage_file = "");
    ~House();
    House(const House &) = delete;
    House &operator=(const House &) = delete;

    bool ready = false;
    platform on = {};
    survey seen = {};
    chain people = {};

    pv_client *of_operator() const { return people.operator_.client; }
    std::string folder(const std::string &name) const { return std::string(on.data) + "/" + name; }
    std::string authority(const std::string &name) const { return folder("authority/" + name); }

    // A new account with one user who may manage everything.
    actor join(pv_account_type type, const std::string &name);
    // A user of the account in a group with these grants in JSON, and a certificate for it. Gives the ids too.
    Identity admit(const std::string &account_id, const std::string &grants,
                   std::string *ret_certificate_id = nullptr, std::string *ret_user_id = nullptr);
    // A client with this identity, or none at all; the house destroys it.
    pv_client *connect(const Identity *identity, const std::string &server_roots = "");
    // A client without a certificate where those enrol.
    pv_client *visit();

    // Signals the server and waits: its exit code, or minus the signal that ended it.
    int stop(int signal_number);
    bool start(); // again, at the same port; connects everybody again
    std::string log() const { return read_file(std::string(on.folder) + "/purveyd.log"); }

    // Environment of the command line client as this actor.
    std::vector<std::string> environment(const actor &who) const;

  private:
    pv_client *open(const char *address, const Identity *identity, const std::string &server_roots);

    pv_arena *arena_;
    std::vector<pv_client *> clients_;
    int joined_ = 0;
};

extern const char kEverything[]; // grants: MANAGE of every module

// A usage file of two vendors and three customers. Row n has the id "<prefix>n" and costs n times
// 10^-11; odd rows are Vega's.
std::string usage_file(int rows = 24, const std::string &prefix = "row-");

// The feed of whoever this is: its events in order, all pages.
std::vector<Answer> feed_pages(pv_client *client);
uint64_t last_event(pv_client *client);

} // namespace purvey

#endif
