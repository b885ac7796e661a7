// Checkpointer: when a checkpoint is taken, how it goes on beside the work of the server, and what
// it leaves behind. The journal is shortened once a checkpoint holds what it says.
//
//   Start ──▶ walk in slices (Step) ──▶ journal durable up to the checkpoint ──▶ file in force
//                                                                         └─▶ journal released
//
// A checkpoint is due when the journal has grown since the last one by `growth_percentage` of that
// one's size, and by `min_journal_bytes` at least. One that fails is tried again a little later.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "persistence/checkpoint_writer.h"
#include "persistence/disk.h"
#include "persistence/journal.h"
#include "server/store/checkpoint_walk.h"
#include "server/store/store.h"
#include "server/store/topic_pager.h"

namespace leat::store {

class Checkpointer {
 public:
  struct Options {
    std::string directory;
    uint64_t random_seed = 0;
    bool threaded = true;
  };
  // What the last start found: see CheckpointReport. `replayed_bytes`: of the journal behind it.
  struct Found {
    uint64_t bytes = 0;
    uint64_t replayed_bytes = 0;
    int64_t now_ms = 0;
  };

  // The store has a journal. All outlive this; `pager` may be null.
  Checkpointer(persistence::Disk& disk, Store& store, TopicPager* pager, Options options,
               const Found& found);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Settings; 0 percent: only when asked for.
  void set_growth(int64_t percentage, int64_t min_journal_bytes) {
    growth_percentage_ = percentage;
    min_journal_bytes_ = min_journal_bytes;
  }

  // The next Step begins one. False where one is under way.
  bool Request() { return !in_progress() && (requested_ = true); }
  bool in_progress() const { return requested_ || walk_ != nullptr; }
  // Between two batches: a slice of the one under way, of some `budget` steps; begins one that is
  // due. True: there is more to do at once; false: not before something else has happened.
  bool Step(int64_t now_ms, size_t budget);
  // Takes one from its beginning to its end, in place; one that is under way is ended before.
  persistence::Status SaveNow(int64_t now_ms);

  // Whether a checkpoint is due by the journal's growth.
  bool Due() const;

  // For INFO and LASTSAVE.
  struct Report {
    int64_t last_save_ms = 0;  // when the last one was complete, or the server began
    int64_t last_duration_ms = -1;
    persistence::Status last_status;
    uint64_t last_bytes = 0;
    uint64_t completed = 0;
    uint64_t changes_at_last = 0;  // Store::changes
    int64_t started_ms = 0;        // of the one under way
    double progress = 0;
  };
  Report report() const;
  uint64_t journal_bytes() const;  // appended since the last one began

 private:
  void Start(int64_t now_ms);
  persistence::Status Complete(int64_t now_ms);
  void Finish(int64_t now_ms);

  persistence::Disk& disk_;
  Store& store_;
  TopicPager* const pager_;
  const Options options_;
  int64_t growth_percentage_ = 100;
  int64_t min_journal_bytes_ = int64_t{64} << 20;

  std::unique_ptr<CheckpointWalk> walk_;
  bool requested_ = false;
  bool walked_ = false;
  bool finishing_ = false;
  persistence::Lsn lsn_ = 0;
  uint64_t begun_at_journal_bytes_ = 0;
  uint64_t changes_at_start_ = 0;
  uint64_t journal_base_bytes_ = 0;  // of Journal::appended_bytes, at the last checkpoint
  uint64_t replayed_bytes_ = 0;
  int64_t retry_at_ms_ = 0;
  Report report_;
};

}  // namespace leat::store
