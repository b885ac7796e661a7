#include "server/store/checkpoint_walk.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "persistence/checkpoint_reader.h"
#include "server/store/mutation_codec.h"
#include "server/store/store.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"

namespace leat::store {
namespace {

using data::MakeKey;
using leat::testing::TextOf;
using persistence::CheckpointWriter;

constexpr uint32_t kDatabases = 3;

class CheckpointWalkTest : public ::testing::Test {
 protected:
  template <typename Mutation>
  void Commit(const Mutation& mutation) {
    store_.BeginBatch();
    store_.Commit(mutation);
    store_.EndBatch();
  }
  void Set(uint32_t database, const std::string& key, std::string_view value) {
    Commit(data::SetString{database, MakeKey(key), value, data::kNoExpiry});
  }

  void Begin() {
    CheckpointWriter::Options options;
    options.directory = "checkpoint";
    options.lsn = ++lsn_;
    options.threaded = false;
    walk_ = std::make_unique<CheckpointWalk>(dataset_,
                                             std::make_unique<CheckpointWriter>(disk_, options));
    store_.set_checkpoint(walk_.get());
    at_begin_ = TextOf(dataset_);
  }
  // What the checkpoint makes anew is what was there at its beginning.
  void FinishAndCompare() {
    while (walk_->Step(1000)) {
    }
    store_.set_checkpoint(nullptr);
    walk_->writer()->Finish();
    walk_->writer()->Step();
    ASSERT_EQ(walk_->writer()->state(), CheckpointWriter::State::kDone);
    EXPECT_EQ(walk_->progress(), 1.0);
    walk_.reset();
    data::Dataset restored(kDatabases);
    const auto report =
        persistence::ReadCheckpoint(disk_, "checkpoint", [&restored](std::string_view items) {
          const std::string error = ApplyEncoded(items, restored);
          return error.empty() ? persistence::Status() : persistence::Status::Error(error);
        });
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_EQ(report->lsn, lsn_);
    EXPECT_EQ(TextOf(restored), at_begin_);
  }

  persistence::SimulatedDisk disk_;
  data::Dataset dataset_{kDatabases};
  Store store_{dataset_, nullptr};
  std::unique_ptr<CheckpointWalk> walk_;
  persistence::Lsn lsn_ = 0;
  std::string at_begin_;
};

TEST_F(CheckpointWalkTest, NothingIsAnImageToo) {
  Begin();
  FinishAndCompare();
}

TEST_F(CheckpointWalkTest, ShowsTheMomentOfItsBeginning) {
  for (int i = 0; i < 500; ++i) Set(0, "key" + std::to_string(i), "before");
  Set(1, "only", "there");
  Begin();
  for (int i = 0; i < 500; i += 3) Set(0, "key" + std::to_string(i), "after");
  for (int i = 1; i < 500; i += 3) Commit(data::DeleteKey{0, MakeKey("key" + std::to_string(i))});
  for (int i = 0; i < 100; ++i) Set(0, "new" + std::to_string(i), "after");
  Commit(data::MoveKey{1, MakeKey("only"), 0, MakeKey("key2")});
  FinishAndCompare();
}

TEST_F(CheckpointWalkTest, KeepsWhatIsFlushedAndKnowsDatabasesThatChangePlaces) {
  for (int i = 0; i < 300; ++i) Set(0, "key" + std::to_string(i), "zero");
  for (int i = 0; i < 300; ++i) Set(1, "key" + std::to_string(i), "one");
  Begin();
  ASSERT_TRUE(walk_->Step(50));
  Commit(data::SwapDatabases{0, 1});
  Commit(data::FlushDatabase{0});
  Set(0, "key7", "after");
  Commit(data::SwapDatabases{0, 2});
  Commit(data::FlushDatabase{2});
  Commit(data::FlushDatabase{1});
  FinishAndCompare();
  EXPECT_EQ(dataset_.databases[0].size(), 0u);
  EXPECT_EQ(dataset_.databases[1].size(), 0u);
}

TEST_F(CheckpointWalkTest, AbandonedOnesLeaveTheNextAsGoodAsTheFirst) {
  for (int i = 0; i < 400; ++i) Set(0, "key" + std::to_string(i), "before");
  Begin();
  ASSERT_TRUE(walk_->Step(100));
  walk_->Abandon();
  Set(0, "key1", "after");
  while (walk_->Step(100)) {
  }
  store_.set_checkpoint(nullptr);
  walk_.reset();
  Begin();
  FinishAndCompare();
}

TEST_F(CheckpointWalkTest, TakesNoMoreThanItsBudget) {
  for (int i = 0; i < 5000; ++i) Set(0, "key" + std::to_string(i), "value");
  Begin();
  int slices = 0;
  while (walk_->Step(100)) ++slices;
  EXPECT_GT(slices, 5000 * 3 / 100 / 2);
  EXPECT_LT(slices, 5000 * 6 / 100);
}

// Whatever happens meanwhile, in slices of any size.
TEST_F(CheckpointWalkTest, SeededChangesDoNotShow) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto pick = [&random](uint64_t bound) { return random() % bound; };
    const auto key = [&] { return "key" + std::to_string(pick(60)); };
    const auto change = [&] {
      const auto database = static_cast<uint32_t>(pick(kDatabases));
      const std::string name = key();
      const data::Entry* entry = dataset_.databases[database].Find(MakeKey(name));
      switch (pick(20)) {
        case 0:
          return Commit(data::SwapDatabases{0, static_cast<uint32_t>(pick(kDatabases))});
        case 1:
          return pick(4) == 0 ? Commit(data::FlushDatabase{database}) : void();
        case 2:
        case 3:
          return entry == nullptr ? void() : Commit(data::DeleteKey{database, MakeKey(name)});
        case 4: {
          if (entry == nullptr) return;
          const std::string to = key();
          return Commit(data::MoveKey{database, MakeKey(name),
                                      static_cast<uint32_t>(pick(kDatabases)), MakeKey(to)});
        }
        case 5:
          return entry == nullptr ? void()
                                  : Commit(data::ExpireKey{database, MakeKey(name), 1 << 30});
        case 6:
          if (entry != nullptr && entry->type() != data::Type::kString) return;
          return Commit(data::SpliceString{database, MakeKey(name), pick(5), "splice"});
        case 7: {
          const std::string topic = "topic" + std::to_string(pick(3));
          const data::Topic* found = data::FindTopic(dataset_, database, MakeKey(topic));
          const uint64_t last = found == nullptr ? 0 : found->last_id().ms;
          return Commit(data::AppendEntry{
              database, MakeKey(topic), {last + 1, 0}, 2, "$1\r\nf\r\n$1\r\nv\r\n"});
        }
        default:
          return Set(database, name, std::to_string(random()));
      }
    };
    for (int i = 0; i < 100; ++i) change();
    Begin();
    for (int i = 0; i < 60; ++i) {
      change();
      if (pick(3) == 0) walk_->Step(pick(20));
    }
    FinishAndCompare();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace leat::store
