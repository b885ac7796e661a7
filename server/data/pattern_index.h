// PatternIndex: finds the glob patterns that match a channel's name without looking at those that
// cannot, so that a publish costs the same with ten thousand unrelated patterns as with ten.
//
// Every pattern lies in one bucket, found by a hash of bytes that any name it matches must have:
//
//   anchored   "user:7:*"        its literal prefix and suffix (up to 32 bytes of each). For each
//              "room.*.7.events" distinct pair of lengths that is in use, its *shape*, a look-up
//                                hashes that much of both ends of the name.
//   gram       "*:7:*"           1, 2, 4 or 8 bytes of a literal part. For each of these lengths in
//                                use, a look-up tries every position of the name against a Bloom
//                                filter, and the few that pass against the buckets.
//   always     "*", "?"          no literal at all: tried with every name.
//
// An anchor is taken first. Where many patterns share it ("room:*:7:*" for thousands of rooms), and
// where there is none, the pattern goes to the least filled bucket among the grams of its literals.
//
// What lies in a bucket that is hit is confirmed by GlobMatch. A look-up thus costs: the shapes (at
// most 33 * 33) + the positions of the name + the candidates. Where a plain scan of all patterns
// would be cheaper, it scans.
//
//   PatternIndex index(seed);
//   PatternIndex::Handle handle = index.Add("news.*", &subscribers);
//   std::vector<void*> matches;
//   index.Find("news.art", &matches);   // &subscribers
//   index.Remove(handle);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "server/data/flat_table.h"

namespace leat::data {

class PatternIndex {
 private:
  struct Pattern;

 public:
  using Handle = Pattern*;

  explicit PatternIndex(uint64_t hash_seed);
  PatternIndex(const PatternIndex&) = delete;
  PatternIndex& operator=(const PatternIndex&) = delete;
  ~PatternIndex();

  // The bytes of `pattern` stay the caller's and must last until Remove, which does not read them.
  // The same pattern may be added more than once.
  Handle Add(std::string_view pattern, void* value);
  void Remove(Handle handle);

  size_t size() const { return all_.size(); }
  // How many patterns all look-ups so far have tried on a name: what they cost beyond the shapes.
  uint64_t candidates() const { return candidates_; }

  // Appends the value of each pattern that matches `name`, in an order that depends only on the
  // calls so far.
  void Find(std::string_view name, std::vector<void*>* matches) {
    if (!all_.empty()) FindAmongAll(name, matches);
  }

 private:
  enum class Kind : uint8_t { kAlways, kAnchored, kGram };

  struct Key {
    Kind kind = Kind::kAlways;
    uint8_t prefix_size = 0;  // of an anchor
    uint8_t suffix_size = 0;
    uint8_t gram_class = 0;  // a gram has 1 << gram_class bytes
    uint64_t hash = 0;
  };
  // Patterns of one bucket form a chain; hashes stand for the bytes, since GlobMatch has the last
  // word.
  struct Bucket {
    uint64_t hash = 0;
    Pattern* first = nullptr;
    size_t size = 0;

    bool Empty() const { return first == nullptr; }
    uint64_t Hash() const { return hash; }
  };
  struct Shape {
    uint8_t prefix_size;
    uint8_t suffix_size;
    size_t patterns;

    bool SameAs(const Key& key) const {
      return prefix_size == key.prefix_size && suffix_size == key.suffix_size;
    }
  };
  struct Literals;

  // A Bloom filter over the hashes of the gram buckets: two bits of one word each.
  class GramFilter {
   public:
    bool MayHave(uint64_t hash) const {
      const uint64_t bits = Bits(hash);
      return (words_[hash >> shift_] & bits) == bits;
    }
    void Add(uint64_t hash) { words_[hash >> shift_] |= Bits(hash); }
    // Empty, with room for `grams`.
    void Reset(size_t grams);
    size_t room() const { return room_; }

   private:
    static uint64_t Bits(uint64_t hash) {
      return uint64_t{1} << (hash & 63) | uint64_t{1} << ((hash >> 6) & 63);
    }
    std::vector<uint64_t> words_;
    int shift_ = 0;
    size_t room_ = 0;
  };

  uint64_t PrefixHash(std::string_view prefix) const;
  static uint64_t AnchorHash(uint64_t prefix_hash, std::string_view suffix);
  uint64_t GramHash(uint64_t gram, int gram_class) const;
  const Bucket* FindBucket(uint64_t hash) const;
  Bucket* BucketOf(const Key& key);  // null where the key has none yet
  size_t BucketSize(const Key& key) const;

  Key ChooseKey(std::string_view pattern) const;
  Key ChooseGram(const Literals& literals) const;
  std::vector<Shape>::iterator ShapeAt(const Key& key);  // or where it belongs
  void AddShape(const Key& key);
  void RemoveShape(const Key& key);
  void AddToFilter(const Bucket& bucket);

  bool ScanIsCheaper(std::string_view name) const;
  void FindAmongAll(std::string_view name, std::vector<void*>* matches);
  void FindAnchored(std::string_view name, std::vector<void*>* matches);
  template <int kGramClass>
  void FindGrams(std::string_view name, std::vector<void*>* matches);
  void MatchChain(const Pattern* first, std::string_view name, std::vector<void*>* matches);
  void Try(const Pattern& pattern, std::string_view name, std::vector<void*>* matches);

  const uint64_t seed_;
  const uint64_t gram_multiplier_;
  std::vector<std::unique_ptr<Pattern>> all_;
  Bucket always_;
  FlatTable<Bucket> buckets_;     // of anchors and grams
  std::vector<Shape> shapes_;     // ordered, so that those of one prefix follow each other
  size_t gram_patterns_[4] = {};  // by class
  size_t gram_buckets_ = 0;
  size_t filtered_grams_ = 0;  // additions to the filter, also of buckets that are gone
  GramFilter filter_;
  uint64_t candidates_ = 0;
  uint64_t look_ups_ = 0;  // marks the gram buckets that one look-up has seen
};

}  // namespace leat::data
