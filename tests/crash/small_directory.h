// SmallDirectory: a data directory of a few kilobytes, written by a whole server, with some of all
// there is: strings, topics with sealed blocks on disk, groups with pending entries, idempotency; a
// checkpoint in force and a journal behind it. For tests that damage every bit of it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/crash/life.h"

namespace leat::testing {

class SmallDirectory {
 public:
  using Files = std::map<std::string, std::string>;

  SmallDirectory() {
    persistence::SimulatedDisk disk(5);
    {
      Life life(disk, {.seed = 11, .journal_segment_bytes = 300, .block_segment_bytes = 300});
      BeforeCheckpoint(life);
      Checkpoint(life);
      checkpoint_lsn = life.journal().appended_lsn();
      Note(life);
      BehindCheckpoint(life);
      last_lsn = life.journal().appended_lsn();
    }
    disk.Kill();
    files = disk.Snapshot();
  }

  Files files;
  std::map<persistence::Lsn, std::string> texts;  // of the data, behind the checkpoint
  persistence::Lsn checkpoint_lsn = 0;
  persistence::Lsn last_lsn = 0;

 private:
  static void Run(Life& life, const std::vector<std::string>& call) {
    const std::string reply = life.Run(call);
    EXPECT_FALSE(reply.empty() || reply.starts_with("-")) << call[0] << ": " << reply;
  }

  // A topic whose first block is sealed with three entries: what comes behind a deleted node of a
  // hundred is in a block of its own.
  static void SealedTopic(Life& life, const std::string& key, const std::string& value) {
    for (int i = 1; i <= 101; ++i) {
      Run(life, {"XADD", key, std::to_string(i) + "-1", "f", i < 99 ? "" : value});
    }
    Run(life, {"XDEL", key, "101-1"});
    Run(life, {"XTRIM", key, "MAXLEN", "2"});
    Run(life, {"XADD", key, "102-1", "f", "tail"});
  }

  static void BeforeCheckpoint(Life& life) {
    SealedTopic(life, "raw", "x1y2z3");
    SealedTopic(life, "packed", std::string(90, 'z'));
    Run(life, {"SET", "string", "value"});
    Run(life, {"SET", "expiring", "5", "PX", "100000000"});
    Run(life, {"XGROUP", "CREATE", "raw", "group", "0"});
    Run(life, {"XREADGROUP", "GROUP", "group", "one", "COUNT", "2", "STREAMS", "raw", ">"});
    Run(life, {"XADD", "once", "IDMP", "producer", "first", "*", "f", "v"});
  }

  static void Checkpoint(Life& life) {
    // Blocks are on disk a second later.
    for (int step = 0; step < 3; ++step) {
      life.server().Advance(1000);
      life.StepDisk();
    }
    constexpr int kMostSteps = 1000;
    for (int step = 0; step < kMostSteps && life.checkpointer().report().completed == 0; ++step) {
      life.StepCheckpoint(100);
      life.server().Advance(20);
      life.StepDisk();
    }
    life.StepDisk();
    EXPECT_EQ(life.checkpointer().report().completed, 1u);
  }

  void BehindCheckpoint(Life& life) {
    const std::vector<std::vector<std::string>> calls = {
        {"APPEND", "string", " and more"},
        {"XADD", "raw", "103-1", "f", "behind"},
        {"XREADGROUP", "GROUP", "group", "two", "STREAMS", "raw", ">"},
        {"XACK", "raw", "group", "99-1"},
        {"XDEL", "packed", "100-1"},
        {"XADD", "once", "IDMP", "producer", "second", "*", "f", "v"},
        {"MSET", "a", "1", "b", "2"},
        {"DEL", "expiring"},
        {"SET", "last", "unproven"},
    };
    for (const auto& call : calls) {
      life.server().Advance(20);  // a mark says that what came before is durable
      life.StepDisk();
      Run(life, call);
      Note(life);
    }
  }

  void Note(Life& life) { texts[life.journal().appended_lsn()] = life.Text(); }
};

}  // namespace leat::testing
