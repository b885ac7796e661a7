// Seeded histories of a block store on a disk that fails, fills up and loses power at every point.
// Its user is one like the server: it keeps the places, and now and then a checkpoint of them,
// which is what is left after a crash. Every block of which a place was given reads back exactly,
// always; nothing is answered twice, and once the disk works again everything is answered.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "tests/persistence/stored_blocks.h"

namespace leat::persistence {
namespace {

constexpr int kHistories = 600;
constexpr int kLivesPerHistory = 4;
constexpr int kOperationsPerLife = 120;

struct Block {
  std::string bytes;
  BlockPlace place;
};
using Blocks = std::map<uint64_t, Block>;

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), disk_(seed + 1) {}

  void Run() {
    for (int life = 0; life < kLivesPerHistory && !::testing::Test::HasFailure(); ++life) {
      ScheduleFaults();
      if (Open()) Live();
      End();
    }
    ASSERT_TRUE(Open()) << "the disk is well";
    if (store_ != nullptr) CheckAll();
  }

  uint64_t moved() const { return moved_; }
  uint64_t removed() const { return removed_; }
  uint64_t troubles() const { return troubles_; }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  void ScheduleFaults() {
    const uint64_t now = disk_.operations();
    for (uint64_t faults = Pick(4); faults > 0; --faults) {
      disk_.FailAt(now + Pick(150), OneIn(2) ? Fault::kNoSpace : Fault::kIoError);
    }
    if (!OneIn(3)) disk_.FailAt(now + Pick(200), Fault::kPowerLoss);
  }

  // False if the disk refused.
  bool Open() {
    auto options = ManualBlockOptions(512 + Pick(8192));
    options.random_seed = random_();
    auto opened = BlockStore::Open(disk_, options);
    if (!opened.ok()) return false;
    store_ = std::move(*opened);
    live_ = checkpoint_;
    pending_.clear();
    moving_.clear();
    for (const auto& [id, block] : live_) {
      const Status status = store_->Adopt(block.place);
      EXPECT_TRUE(status.ok()) << status.message();
    }
    (void)store_->RemoveUnused();
    return true;
  }

  void Live() {
    CheckAll();
    for (int i = 0; i < kOperationsPerLife && !::testing::Test::HasFailure(); ++i) {
      Operate();
      Take();
      if (!store_->status().ok()) ++troubles_;
    }
    CheckAll();
  }

  void Operate() {
    switch (Pick(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return Write();
      case 5:
        return Release();
      case 6:
        if (const auto sparsest = store_->SparsestSegment(0.7)) MoveOutOf(*sparsest);
        return;
      case 7:
        store_->RemoveDead([this](uint32_t segment) { return IsPinned(segment); });
        return;
      case 8:
        if (const auto* block = AnyLive()) store_->Read(block->first, block->second.place);
        if (const auto* block = AnyLive()) {
          EXPECT_EQ(ReadText(*store_, block->second.place), block->second.bytes);
        }
        return;
      case 9:
        checkpoint_ = live_;
        return;
      case 10:
        if (store_->Flush().ok()) Take(), ExpectAllAnswered();
        return;
      case 11:
        if (OneIn(4)) disk_.SetFull(OneIn(2));
        return;
      default:
        now_ms_ += static_cast<int64_t>(Pick(1500));
        store_->Step(now_ms_);
    }
  }

  void Write() {
    const uint64_t id = ++last_id_;
    std::string& bytes = pending_[id];
    bytes = MakeBlock(OneIn(10) ? Pick(20000) : Pick(1500), random_());
    store_->Write(id, bytes);
  }

  const Blocks::value_type* AnyLive() {
    if (live_.empty()) return nullptr;
    return &*std::next(live_.begin(), static_cast<std::ptrdiff_t>(Pick(live_.size())));
  }

  void Release() {
    const auto* block = AnyLive();
    if (block == nullptr || moving_.contains(block->first)) return;
    store_->Release(block->second.place);
    live_.erase(block->first);
  }

  void MoveOutOf(uint32_t segment) {
    for (const auto& [id, block] : live_) {
      if (block.place.segment != segment || !moving_.insert(id).second) continue;
      store_->Move(id, block.place);
    }
  }

  bool IsPinned(uint32_t segment) const {
    for (const auto& [id, block] : checkpoint_) {
      if (block.place.segment == segment) return true;
    }
    return false;
  }

  void Take() {
    using Kind = BlockStore::Answer::Kind;
    for (const auto& answer : store_->TakeAnswers()) {
      ASSERT_TRUE(answer.status.ok()) << answer.status.message();
      if (answer.kind == Kind::kRead) {
        // It may have been released, or moved, since.
        const auto block = live_.find(answer.ticket);
        if (block != live_.end()) {
          ASSERT_EQ(TextOf(answer.bytes), block->second.bytes);
        }
      } else if (answer.kind == Kind::kMoved) {
        ASSERT_EQ(moving_.erase(answer.ticket), 1u);
        store_->Release(live_[answer.ticket].place);
        live_[answer.ticket].place = answer.place;
        ++moved_;
      } else {
        ASSERT_TRUE(pending_.contains(answer.ticket)) << "answered twice";
        live_[answer.ticket] = {std::move(pending_[answer.ticket]), answer.place};
        pending_.erase(answer.ticket);
      }
    }
  }

  void ExpectAllAnswered() {
    EXPECT_TRUE(pending_.empty());
    EXPECT_TRUE(moving_.empty());
  }

  void CheckAll() {
    uint64_t live_bytes = 0;
    for (const auto& [id, block] : live_) {
      ASSERT_EQ(ReadText(*store_, block.place), block.bytes);
      live_bytes += block.place.size;
    }
    EXPECT_EQ(store_->usage().live_bytes, live_bytes);
    uint64_t unsynced_bytes = 0;
    for (const auto& [id, bytes] : pending_) unsynced_bytes += bytes.size();
    EXPECT_EQ(store_->usage().unsynced_bytes, unsynced_bytes);
  }

  // The process is killed, or the machine loses power, or the disk becomes well again first.
  void End() {
    disk_.ClearFaults();
    disk_.SetFull(false);
    if (store_ != nullptr && OneIn(2) && store_->Flush().ok()) {
      Take();
      ExpectAllAnswered();
      EXPECT_TRUE(store_->status().ok());
      CheckAll();
      const size_t before = disk_.Snapshot().size();
      store_->RemoveDead([this](uint32_t segment) { return IsPinned(segment); });
      store_->Step(now_ms_);
      removed_ += before - disk_.Snapshot().size();
      if (OneIn(2)) checkpoint_ = live_;
    }
    disk_.Stop();
    store_.reset();
    OneIn(2) ? disk_.Crash() : disk_.Kill();
  }

  std::mt19937_64 random_;
  SimulatedDisk disk_;
  std::unique_ptr<BlockStore> store_;
  Blocks live_;
  Blocks checkpoint_;                        // survives everything
  std::map<uint64_t, std::string> pending_;  // written and not answered
  std::set<uint64_t> moving_;
  uint64_t last_id_ = 0;
  int64_t now_ms_ = 0;
  uint64_t moved_ = 0;
  uint64_t removed_ = 0;
  uint64_t troubles_ = 0;
};

TEST(BlockStoreCrashTest, EveryBlockThatHasAPlaceReadsBack) {
  uint64_t moved = 0;
  uint64_t removed = 0;
  uint64_t troubles = 0;
  for (uint64_t seed = 0; seed < kHistories && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed);
    history.Run();
    moved += history.moved();
    removed += history.removed();
    troubles += history.troubles();
  }
  // The histories are worth something only if these happen.
  EXPECT_GT(moved, 1000u);
  EXPECT_GT(removed, 100u);
  EXPECT_GT(troubles, 1000u);
}

// One short life: what was answered, of blocks MakeBlock(250, ticket).
std::map<uint64_t, BlockPlace> LiveShortly(SimulatedDisk& disk) {
  std::map<uint64_t, BlockPlace> places;
  auto store = OpenBlocks(disk, ManualBlockOptions(600));
  if (store == nullptr) return places;
  std::vector<std::string> blocks;
  for (uint64_t i = 0; i < 8; ++i) blocks.push_back(MakeBlock(250, i));
  const auto take = [&store, &places] {
    for (const auto& answer : store->TakeAnswers()) places[answer.ticket] = answer.place;
  };
  for (uint64_t i = 0; i < blocks.size(); ++i) {
    store->Write(i, blocks[i]);
    store->Step(static_cast<int64_t>(i) * 2500);
    take();
    if (i == 5 && places.contains(1)) store->Move(1, places[1]);
    if (i == 6 && places.contains(0)) {
      for (const uint64_t ticket : {0, 2, 3}) store->Release(places[ticket]);
      for (const uint64_t ticket : {0, 2, 3}) places.erase(ticket);
    }
    store->RemoveDead([](uint32_t /*segment*/) { return false; });
  }
  (void)store->Flush();
  take();
  disk.Stop();
  return places;
}

TEST(BlockStoreCrashTest, EveryFaultAtEveryOperation) {
  SimulatedDisk well;
  const auto expected = LiveShortly(well);
  const uint64_t operations = well.operations();
  EXPECT_GT(operations, 25u);
  for (const Fault fault : {Fault::kNoSpace, Fault::kIoError, Fault::kPowerLoss}) {
    for (uint64_t at = 0; at < operations; ++at) {
      SCOPED_TRACE("operation " + std::to_string(at));
      SimulatedDisk disk(at);
      disk.FailAt(at, fault);
      const auto places = LiveShortly(disk);
      const bool opened = disk.operations() > 2;
      EXPECT_EQ(opened, at > 0);
      if (opened && fault != Fault::kPowerLoss) {
        EXPECT_EQ(places.size(), expected.size());
      }
      disk.Crash();
      disk.ClearFaults();
      auto store = OpenBlocks(disk, ManualBlockOptions(600));
      ASSERT_NE(store, nullptr);
      for (const auto& [ticket, place] : places) {
        const Status status = store->Adopt(place);
        ASSERT_TRUE(status.ok()) << status.message();
        ASSERT_EQ(ReadText(*store, place), MakeBlock(250, ticket));
      }
      ASSERT_TRUE(store->RemoveUnused().ok());
    }
  }
}

}  // namespace
}  // namespace leat::persistence
