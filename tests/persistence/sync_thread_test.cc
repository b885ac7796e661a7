#include "persistence/sync_thread.h"

#include <gtest/gtest.h>

#include <semaphore>

namespace leat::persistence {
namespace {

TEST(SyncThreadTest, SyncsWithoutHoldingUpItsOwner) {
  std::binary_semaphore done(0);
  SyncThread thread([&done] { done.release(); });
  std::binary_semaphore begun(0);
  std::binary_semaphore let_through(0);
  thread.Start([&] {
    begun.release();
    let_through.acquire();
    return Status();
  });
  begun.acquire();
  EXPECT_FALSE(thread.TakeResult());  // and this thread goes on
  let_through.release();
  done.acquire();
  const auto result = thread.TakeResult();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok());
  EXPECT_FALSE(thread.TakeResult());  // taken
}

TEST(SyncThreadTest, HandsOnTheError) {
  SyncThread thread([] {});
  thread.Start([] { return Status::Error("file: cannot sync: Input/output error"); });
  EXPECT_EQ(thread.WaitForResult().message(), "file: cannot sync: Input/output error");
}

TEST(SyncThreadTest, OneSyncAfterAnother) {
  SyncThread thread([] {});
  for (int i = 0; i < 1000; ++i) {
    thread.Start([] { return Status(); });
    EXPECT_TRUE(thread.WaitForResult().ok());
  }
}

}  // namespace
}  // namespace leat::persistence
