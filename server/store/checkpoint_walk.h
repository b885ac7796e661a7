// CheckpointWalk: an image of all data as it was at one moment, taken in slices while the data goes
// on changing, without a fork and without a copy.
//
// The keys are walked in the order of their hashes. A key that is about to change and that the walk
// has not reached is written first (its pre-image). A bit in each key (Keyspace::IsOld) says which
// are yet to be written, so keys that change again, that come or that go need nothing. What a
// FLUSHDB throws away lives on, with the walk, until it is written.
//
//   hash order   ███████████▓░░░▓░░░░░░▓░░░░      █ walked   ▓ pre-image written   ░ old
//                           ▲ cursor
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <vector>

#include "persistence/checkpoint_writer.h"
#include "server/data/dataset.h"
#include "server/data/key.h"

namespace leat::store {

class CheckpointWalk {
 public:
  // The moment is now: between two batches. The dataset outlives the walk.
  CheckpointWalk(data::Dataset& dataset, std::unique_ptr<persistence::CheckpointWriter> writer);

  // Called for every change before it happens.
  void BeforeChange(uint32_t database, const data::Key& key);
  void BeforeFlush(uint32_t database);
  void BeforeSwap(uint32_t database, uint32_t other);

  // Goes on for about `budget` steps of some 100 ns. False once nothing is left to write.
  bool Step(size_t budget);
  // Writes nothing from now on; the walk must still be taken to its end.
  void Abandon() { writer_.reset(); }

  persistence::CheckpointWriter* writer() { return writer_.get(); }
  // Segments of the block store that the image refers to.
  const std::set<uint32_t>& segments() const { return segments_; }
  // How much of the keys is done, 0 to 1.
  double progress() const;

 private:
  struct Database {
    uint32_t number = 0;  // at the moment of the walk's beginning
    uint64_t cursor = 0;
    bool done = false;
  };
  // What was flushed, to be written and then freed.
  struct Flushed {
    data::Keyspace keys;
    Database walk;
  };

  size_t Save(uint32_t number, data::Keyspace& keyspace, data::Entry& entry);
  bool StepFlushed(size_t& budget);

  data::Dataset& dataset_;
  std::unique_ptr<persistence::CheckpointWriter> writer_;
  std::vector<Database> databases_;
  std::list<Flushed> flushed_;
  std::set<uint32_t> segments_;
  uint64_t keys_at_start_ = 0;
  uint64_t saved_ = 0;
};

}  // namespace leat::store
