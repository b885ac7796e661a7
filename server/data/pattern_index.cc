#include "server/data/pattern_index.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "server/base/hash.h"
#include "server/data/glob.h"

namespace leat::data {
namespace {

constexpr size_t kMaxAnchor = 32;        // bytes of the prefix, and of the suffix, that are hashed
constexpr size_t kCrowded = 4;           // patterns in a bucket from which on grams are considered
constexpr size_t kMaxGramChoices = 128;  // bounds the work of adding a long pattern
constexpr int kGramClasses = 4;
constexpr size_t kFilterBitsPerGram = 16;

uint64_t LoadGram(const char* bytes, int gram_class) {
  uint64_t gram = 0;
  std::memcpy(&gram, bytes, size_t{1} << gram_class);
  return gram;
}

}  // namespace

struct PatternIndex::Pattern {
  std::string_view text;
  void* value;
  Key key;
  size_t place;  // in all_
  Pattern* next = nullptr;
  Pattern* previous = nullptr;
  uint64_t seen = 0;  // the last look-up that tried this chain; kept by the chain's first
};

// The literal parts of a pattern, in order, without escapes.
struct PatternIndex::Literals {
  explicit Literals(std::string_view pattern) {
    bool in_literal = false;
    for (size_t at = 0; at < pattern.size();) {
      const GlobToken token = GlobTokenAt(pattern, at);
      const bool is_literal = token.kind == GlobToken::Kind::kLiteral;
      if (is_literal) {
        if (!in_literal) parts.emplace_back();
        parts.back().push_back(token.literal);
      }
      if (at == 0) starts_literal = is_literal;
      in_literal = is_literal;
      at = token.end;
    }
    ends_literal = in_literal;
  }

  std::string_view Prefix() const {
    if (!starts_literal) return {};
    return std::string_view(parts.front()).substr(0, kMaxAnchor);
  }
  std::string_view Suffix() const {
    if (!ends_literal) return {};
    std::string_view last = parts.back();
    // A pattern without wildcards is one part: its suffix is what the prefix leaves.
    if (parts.size() == 1 && starts_literal) last.remove_prefix(Prefix().size());
    return last.substr(last.size() - std::min(last.size(), kMaxAnchor));
  }

  std::vector<std::string> parts;
  bool starts_literal = false;
  bool ends_literal = false;
};

PatternIndex::PatternIndex(uint64_t hash_seed)
    : seed_(hash_seed), gram_multiplier_(base::MixBits(hash_seed + 2) | 1) {
  filter_.Reset(0);
}
PatternIndex::~PatternIndex() = default;

void PatternIndex::GramFilter::Reset(size_t grams) {
  room_ = std::max<size_t>(64, grams * 2);
  const size_t words = std::bit_ceil(room_ * kFilterBitsPerGram / 64);
  words_.assign(words, 0);
  shift_ = 64 - std::countr_zero(words);
}

uint64_t PatternIndex::PrefixHash(std::string_view prefix) const {
  return base::HashBytes(prefix, seed_ + 1);
}

uint64_t PatternIndex::AnchorHash(uint64_t prefix_hash, std::string_view suffix) {
  return suffix.empty() ? prefix_hash : base::HashBytes(suffix, prefix_hash);
}

// Multiplication by a secret odd number: which grams fall together cannot be told from outside.
uint64_t PatternIndex::GramHash(uint64_t gram, int gram_class) const {
  const uint64_t product = (gram ^ std::rotl(seed_, 8 * gram_class)) * gram_multiplier_;
  return product ^ (product >> 32);
}

const PatternIndex::Bucket* PatternIndex::FindBucket(uint64_t hash) const {
  return buckets_.Find(hash, [&](const Bucket& bucket) { return bucket.hash == hash; });
}

PatternIndex::Bucket* PatternIndex::BucketOf(const Key& key) {
  if (key.kind == Kind::kAlways) return &always_;
  return const_cast<Bucket*>(FindBucket(key.hash));
}

size_t PatternIndex::BucketSize(const Key& key) const {
  const Bucket* bucket = FindBucket(key.hash);
  return bucket == nullptr ? 0 : bucket->size;
}

PatternIndex::Key PatternIndex::ChooseKey(std::string_view pattern) const {
  const Literals literals(pattern);
  if (literals.parts.empty()) return Key{};
  const std::string_view prefix = literals.Prefix();
  const std::string_view suffix = literals.Suffix();
  if (prefix.empty() && suffix.empty()) return ChooseGram(literals);

  const Key anchor{.kind = Kind::kAnchored,
                   .prefix_size = static_cast<uint8_t>(prefix.size()),
                   .suffix_size = static_cast<uint8_t>(suffix.size()),
                   .hash = AnchorHash(PrefixHash(prefix), suffix)};
  const size_t anchored = BucketSize(anchor);
  if (anchored < kCrowded) return anchor;
  const Key gram = ChooseGram(literals);
  return BucketSize(gram) < anchored ? gram : anchor;
}

// Of the grams as long as the longest part allows, that whose bucket has the fewest patterns.
PatternIndex::Key PatternIndex::ChooseGram(const Literals& literals) const {
  size_t longest = 0;
  for (const std::string& part : literals.parts) longest = std::max(longest, part.size());
  int gram_class = 0;
  while (gram_class + 1 < kGramClasses && size_t{2} << gram_class <= longest) ++gram_class;
  const size_t gram_size = size_t{1} << gram_class;

  Key best{.kind = Kind::kGram, .gram_class = static_cast<uint8_t>(gram_class)};
  size_t best_size = SIZE_MAX;
  size_t choices = 0;
  for (const std::string& part : literals.parts) {
    for (size_t at = 0; at + gram_size <= part.size(); ++at) {
      Key key = best;
      key.hash = GramHash(LoadGram(part.data() + at, gram_class), gram_class);
      const size_t size = BucketSize(key);
      if (size < best_size) {
        best = key;
        best_size = size;
      }
      if (size == 0 || ++choices == kMaxGramChoices) return best;
    }
  }
  return best;
}

PatternIndex::Handle PatternIndex::Add(std::string_view pattern, void* value) {
  const Key key = ChooseKey(pattern);
  all_.push_back(std::make_unique<Pattern>(Pattern{pattern, value, key, all_.size()}));
  Pattern* added = all_.back().get();
  if (key.kind == Kind::kAnchored) AddShape(key);
  if (key.kind == Kind::kGram) ++gram_patterns_[key.gram_class];

  Bucket* bucket = BucketOf(key);
  if (bucket == nullptr) {
    bucket = buckets_.Insert(Bucket{key.hash, added, 1});
    if (key.kind == Kind::kGram) AddToFilter(*bucket);
    return added;
  }
  added->next = bucket->first;
  if (added->next != nullptr) added->next->previous = added;
  bucket->first = added;
  ++bucket->size;
  return added;
}

void PatternIndex::Remove(Handle handle) {
  const Key& key = handle->key;
  if (key.kind == Kind::kAnchored) RemoveShape(key);
  if (key.kind == Kind::kGram) --gram_patterns_[key.gram_class];

  Bucket* bucket = BucketOf(key);
  assert(bucket != nullptr);
  if (handle->next != nullptr) handle->next->previous = handle->previous;
  (handle->previous != nullptr ? handle->previous->next : bucket->first) = handle->next;
  --bucket->size;
  if (bucket->size == 0 && key.kind != Kind::kAlways) {
    buckets_.Erase(bucket);
    if (key.kind == Kind::kGram) --gram_buckets_;
  }

  const size_t place = handle->place;
  std::swap(all_[place], all_.back());
  all_[place]->place = place;
  all_.pop_back();
}

void PatternIndex::AddShape(const Key& key) {
  const auto at = ShapeAt(key);
  if (at != shapes_.end() && at->SameAs(key)) {
    ++at->patterns;
  } else {
    shapes_.insert(at, Shape{key.prefix_size, key.suffix_size, 1});
  }
}

void PatternIndex::RemoveShape(const Key& key) {
  const auto at = ShapeAt(key);
  if (--at->patterns == 0) shapes_.erase(at);
}

std::vector<PatternIndex::Shape>::iterator PatternIndex::ShapeAt(const Key& key) {
  return std::lower_bound(shapes_.begin(), shapes_.end(), key, [](const Shape& a, const Key& b) {
    return std::tie(a.prefix_size, a.suffix_size) < std::tie(b.prefix_size, b.suffix_size);
  });
}

// The bits of buckets that are gone stay until the filter is full and made anew.
void PatternIndex::AddToFilter(const Bucket& bucket) {
  ++gram_buckets_;
  if (filtered_grams_ < filter_.room()) {
    ++filtered_grams_;
    filter_.Add(bucket.hash);
    return;
  }
  filter_.Reset(gram_buckets_);
  filtered_grams_ = gram_buckets_;
  buckets_.ForEach([&](const Bucket& each) {
    if (each.first->key.kind == Kind::kGram) filter_.Add(each.hash);
  });
}

// In units of one GlobMatch that fails early, which takes about as long as trying four grams, and
// half as long as looking up a shape.
bool PatternIndex::ScanIsCheaper(std::string_view name) const {
  size_t cost = always_.size + 2 * shapes_.size();
  for (const size_t patterns : gram_patterns_) {
    if (patterns > 0) cost += name.size() / 4;
  }
  return cost >= all_.size();
}

void PatternIndex::FindAmongAll(std::string_view name, std::vector<void*>* matches) {
  if (ScanIsCheaper(name)) {
    for (const auto& pattern : all_) Try(*pattern, name, matches);
    return;
  }
  MatchChain(always_.first, name, matches);
  FindAnchored(name, matches);
  ++look_ups_;
  FindGrams<0>(name, matches);
  FindGrams<1>(name, matches);
  FindGrams<2>(name, matches);
  FindGrams<3>(name, matches);
}

void PatternIndex::FindAnchored(std::string_view name, std::vector<void*>* matches) {
  size_t hashed_size = SIZE_MAX;
  uint64_t prefix_hash = 0;
  for (const Shape& shape : shapes_) {
    if (size_t{shape.prefix_size} + shape.suffix_size > name.size()) continue;
    if (shape.prefix_size != hashed_size) {
      hashed_size = shape.prefix_size;
      prefix_hash = PrefixHash(name.substr(0, hashed_size));
    }
    const uint64_t hash = AnchorHash(prefix_hash, name.substr(name.size() - shape.suffix_size));
    const Bucket* bucket = FindBucket(hash);
    if (bucket != nullptr) MatchChain(bucket->first, name, matches);
  }
}

template <int kGramClass>
void PatternIndex::FindGrams(std::string_view name, std::vector<void*>* matches) {
  constexpr size_t kGramSize = size_t{1} << kGramClass;
  if (gram_patterns_[kGramClass] == 0) return;
  for (size_t at = 0; at + kGramSize <= name.size(); ++at) {
    const uint64_t hash = GramHash(LoadGram(name.data() + at, kGramClass), kGramClass);
    if (!filter_.MayHave(hash)) continue;
    const Bucket* bucket = FindBucket(hash);
    // A gram that the name has twice leads to its patterns once.
    if (bucket == nullptr || bucket->first->seen == look_ups_) continue;
    bucket->first->seen = look_ups_;
    MatchChain(bucket->first, name, matches);
  }
}

void PatternIndex::MatchChain(const Pattern* first, std::string_view name,
                              std::vector<void*>* matches) {
  for (const Pattern* pattern = first; pattern != nullptr; pattern = pattern->next) {
    Try(*pattern, name, matches);
  }
}

void PatternIndex::Try(const Pattern& pattern, std::string_view name, std::vector<void*>* matches) {
  ++candidates_;
  if (GlobMatch(pattern.text, name)) matches->push_back(pattern.value);
}

}  // namespace leat::data
