#include "persistence/record_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace leat::persistence {
namespace {

// What the consumer finds from `from` on, as payloads.
std::vector<std::string> Drain(RecordQueue::Position* from) {
  std::vector<std::span<char>> pieces;
  *from = RecordQueue::Collect(*from, &pieces);
  std::vector<std::string> payloads;
  for (const std::span<char> run : pieces) {
    for (size_t offset = 0; offset < run.size();) {
      const RecordHeader header = LoadRecordHeader(run.data() + offset);
      offset += kRecordHeaderBytes;
      payloads.emplace_back(run.data() + offset, header.length);
      offset += header.length;
    }
  }
  return payloads;
}

TEST(RecordQueueTest, ConsumerSeesOnlyWhatIsPublished) {
  RecordQueue queue;
  RecordQueue::Position position = queue.front();
  queue.BeginRecord();
  queue.Append("first");
  EXPECT_EQ(queue.EndRecord(1), 1u);
  EXPECT_FALSE(RecordQueue::HasMore(position));
  EXPECT_TRUE(queue.Publish());
  EXPECT_TRUE(RecordQueue::HasMore(position));
  EXPECT_EQ(Drain(&position), std::vector<std::string>{"first"});
  EXPECT_FALSE(RecordQueue::HasMore(position));
  EXPECT_FALSE(queue.Publish());  // nothing new
}

TEST(RecordQueueTest, LsnIsThatOfTheLastMutation) {
  RecordQueue queue(100);
  queue.BeginRecord();
  EXPECT_EQ(queue.EndRecord(5), 104u);
  queue.BeginRecord();
  EXPECT_EQ(queue.EndRecord(1), 105u);
  EXPECT_EQ(queue.last_lsn(), 105u);
  EXPECT_EQ(queue.appended_bytes(), 2 * kRecordHeaderBytes);
}

TEST(RecordQueueTest, CancelledRecordLeavesNoTrace) {
  RecordQueue queue;
  RecordQueue::Position position = queue.front();
  queue.BeginRecord();
  queue.Append(std::string(1 << 20, 'x'));
  queue.CancelRecord();
  EXPECT_FALSE(queue.Publish());
  queue.BeginRecord();
  queue.Append("kept");
  EXPECT_EQ(queue.EndRecord(1), 1u);
  queue.Publish();
  EXPECT_EQ(Drain(&position), std::vector<std::string>{"kept"});
}

TEST(RecordQueueTest, EncodesInPlace) {
  RecordQueue queue;
  RecordQueue::Position position = queue.front();
  queue.BeginRecord();
  char* room = queue.Reserve(100);
  room[0] = 'a';
  room[1] = 'b';
  queue.Advance(2);
  queue.Append("c");
  queue.Append("");
  queue.EndRecord(1);
  queue.Publish();
  EXPECT_EQ(Drain(&position), std::vector<std::string>{"abc"});
}

TEST(RecordQueueTest, RecordOfAnySizeStaysInOnePiece) {
  RecordQueue queue;
  RecordQueue::Position position = queue.front();
  std::vector<std::string> expected;
  for (const size_t size : {0, 1, 262'000, 300, 262'144, 5'000'000, 7, 400'000}) {
    std::string payload(size, static_cast<char>('a' + expected.size()));
    queue.BeginRecord();
    for (size_t offset = 0; offset < size; offset += 1000) {
      queue.Append(std::string_view(payload).substr(offset, 1000));
    }
    queue.EndRecord(1);
    expected.push_back(std::move(payload));
  }
  queue.Publish();
  EXPECT_EQ(Drain(&position), expected);
  EXPECT_EQ(position.stream_bytes(), queue.appended_bytes());
}

TEST(RecordQueueTest, ReleasedMemoryIsUsedAgain) {
  RecordQueue queue;
  RecordQueue::Position position = queue.front();
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 50; ++i) {
      queue.BeginRecord();
      queue.Append(std::string(10'000, static_cast<char>('a' + i % 26)));
      queue.EndRecord(1);
    }
    queue.Publish();
    const auto payloads = Drain(&position);
    ASSERT_EQ(payloads.size(), 50u);
    EXPECT_EQ(payloads[49], std::string(10'000, 'x'));
    queue.Release(position);
    if (round % 10 == 0) queue.ReleaseSpareMemory();
  }
  EXPECT_EQ(queue.front().stream_bytes(), queue.appended_bytes());
}

TEST(RecordQueueTest, ConsumerOnAnotherThreadGetsEverythingInOrder) {
  constexpr int kRecords = 100'000;
  RecordQueue queue;
  std::thread consumer([&queue] {
    RecordQueue::Position position = queue.front();
    int next = 0;
    while (next < kRecords) {
      for (const std::string& payload : Drain(&position)) {
        ASSERT_EQ(payload, std::to_string(next)) << next;
        ++next;
      }
      queue.Release(position);
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < kRecords; ++i) {
    queue.BeginRecord();
    queue.Append(std::to_string(i));
    queue.EndRecord(1);
    if (i % 7 == 0) queue.Publish();
  }
  queue.Publish();
  consumer.join();
}

}  // namespace
}  // namespace leat::persistence
