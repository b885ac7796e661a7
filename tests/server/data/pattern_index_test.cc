#include "server/data/pattern_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "server/data/glob.h"

namespace leat::data {
namespace {

// An index whose values are the patterns themselves, beside the plain list that it must agree with.
class IndexedPatterns {
 public:
  void Add(std::string text) {
    auto pattern = std::make_unique<Entry>(Entry{std::move(text), nullptr});
    pattern->handle = index_.Add(pattern->text, pattern.get());
    entries_.push_back(std::move(pattern));
  }
  void RemoveAt(size_t at) {
    entries_[at]->text.assign(entries_[at]->text.size(), '#');  // Remove must not read the bytes
    index_.Remove(entries_[at]->handle);
    std::swap(entries_[at], entries_.back());
    entries_.pop_back();
  }

  std::vector<std::string> Find(std::string_view name) {
    std::vector<void*> matches;
    index_.Find(name, &matches);
    std::vector<std::string> texts;
    for (void* match : matches) texts.push_back(static_cast<Entry*>(match)->text);
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  std::vector<std::string> Scan(std::string_view name) const {
    std::vector<std::string> texts;
    for (const auto& entry : entries_) {
      if (GlobMatch(entry->text, name)) texts.push_back(entry->text);
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  size_t size() const { return entries_.size(); }
  PatternIndex& index() { return index_; }

 private:
  struct Entry {
    std::string text;
    PatternIndex::Handle handle;
  };
  PatternIndex index_{0x5eed};
  std::vector<std::unique_ptr<Entry>> entries_;
};

using Texts = std::vector<std::string>;

// Enough unrelated patterns that the index is used and no scan.
void AddUnrelated(IndexedPatterns* patterns) {
  for (int i = 0; i < 1000; ++i) patterns->Add("unrelated:" + std::to_string(i) + ":*");
}

TEST(PatternIndexTest, EmptyIndexAndEmptyNames) {
  IndexedPatterns patterns;
  EXPECT_EQ(patterns.Find("a"), Texts());
  EXPECT_EQ(patterns.Find(""), Texts());
  AddUnrelated(&patterns);
  patterns.Add("");
  patterns.Add("*");
  EXPECT_EQ(patterns.Find(""), Texts({""})) << "as in Redis, '*' does not match the empty name";
}

TEST(PatternIndexTest, EveryKindOfPatternIsFound) {
  IndexedPatterns patterns;
  AddUnrelated(&patterns);
  const std::string name = "room.berlin.7.events";
  const Texts matching = {
      "*",      "*.7.*",           "*.events",   "*berlin*",      "*e*",
      "????.*", "[r]oom.*",        "r*s",        "r?om.*",        "ro\\om.*",
      "room.*", "room.*.7.events", "room.[b]*s", "room.berlin.*", "room.berlin.7.events",
  };
  for (const std::string& pattern : matching) patterns.Add(pattern);
  for (const char* pattern : {"room", "room.*.8.events", "*.8.*", "*.event", "?", "rooms.*"}) {
    patterns.Add(pattern);
  }
  Texts expected = matching;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(patterns.Find(name), expected);
}

TEST(PatternIndexTest, PrefixAndSuffixMayNotOverlapInTheName) {
  IndexedPatterns patterns;
  AddUnrelated(&patterns);
  patterns.Add("ab*ba");
  EXPECT_EQ(patterns.Find("aba"), Texts());
  EXPECT_EQ(patterns.Find("abba"), Texts({"ab*ba"}));
}

TEST(PatternIndexTest, LiteralsLongerThanWhatIsHashed) {
  IndexedPatterns patterns;
  AddUnrelated(&patterns);
  const std::string long_text(100, 'x');
  for (const char* end : {"1", "2", "3"}) {
    patterns.Add(long_text + end);
    patterns.Add(long_text + end + "*");
    patterns.Add("*" + long_text + end);
    patterns.Add("?" + long_text + end + "*y");
  }
  EXPECT_EQ(patterns.Find(long_text + "2"),
            Texts({"*" + long_text + "2", long_text + "2", long_text + "2*"}));
  EXPECT_EQ(patterns.Find("z" + long_text + "3y"), Texts({"?" + long_text + "3*y"}));
}

TEST(PatternIndexTest, ANameThatRepeatsAGramFindsItsPatternOnce) {
  IndexedPatterns patterns;
  AddUnrelated(&patterns);
  patterns.Add("*ab*");
  EXPECT_EQ(patterns.Find("abababab"), Texts({"*ab*"}));
  EXPECT_EQ(patterns.Find("abababab"), Texts({"*ab*"})) << "and again in the next look-up";
}

TEST(PatternIndexTest, TheSamePatternTwiceIsFoundTwice) {
  IndexedPatterns patterns;
  AddUnrelated(&patterns);
  patterns.Add("news.*");
  patterns.Add("news.*");
  EXPECT_EQ(patterns.Find("news.art"), Texts({"news.*", "news.*"}));
  patterns.RemoveAt(patterns.size() - 1);
  EXPECT_EQ(patterns.Find("news.art"), Texts({"news.*"}));
}

TEST(PatternIndexTest, AgreesWithAScanThroughRandomChanges) {
  std::mt19937 random(7);
  const Texts words = {"a", "b",  "ab",     "user",
                       ":", ".",  "news",   "room",
                       "1", "22", "events", "a-rather-long-literal-part-of-a-name"};
  const Texts wildcards = {"*", "*", "*", "?", "[ab]", "[^a]", "\\*", "\\"};
  const auto draw = [&](const Texts& from) { return from[random() % from.size()]; };
  IndexedPatterns patterns;
  size_t found = 0;
  // The number of patterns swings, so that small, large and shrinking indexes are all met.
  for (int step = 0; step < 40000; ++step) {
    const bool grow = step % 10000 < 6000;
    if (random() % 10 < (grow ? 7 : 2) || patterns.size() == 0) {
      std::string pattern;
      for (size_t part = random() % 6; part > 0; --part) {
        pattern += random() % 3 == 0 ? draw(wildcards) : draw(words);
      }
      patterns.Add(pattern);
    } else {
      patterns.RemoveAt(random() % patterns.size());
    }
    if (step % 20 != 0) continue;
    std::string name;
    for (size_t part = random() % 6; part > 0; --part) name += draw(words);
    const Texts expected = patterns.Scan(name);
    ASSERT_EQ(patterns.Find(name), expected) << name;
    found += expected.size();
  }
  EXPECT_GT(found, 10000u);
}

TEST(PatternIndexTest, AnswersAfterEverythingWasRemoved) {
  IndexedPatterns patterns;
  AddUnrelated(&patterns);
  patterns.Add("*:x:*");
  while (patterns.size() > 0) patterns.RemoveAt(0);
  EXPECT_EQ(patterns.index().size(), 0u);
  EXPECT_EQ(patterns.Find("unrelated:7:x:"), Texts());
  patterns.Add("*:x:*");
  EXPECT_EQ(patterns.Find("unrelated:7:x:"), Texts({"*:x:*"}));
}

TEST(PatternIndexTest, UnrelatedPatternsCostNearlyNothing) {
  const std::function<std::string(const std::string&)> shapes[] = {
      [](const std::string& n) { return "user:" + n + ":*"; },
      [](const std::string& n) { return "*." + n; },
      [](const std::string& n) { return "*:" + n + ":*"; },
      [](const std::string& n) { return "room.*." + n + ".events"; },
      // Many share the anchor, or a long part of what is literal.
      [](const std::string& n) { return "room.*." + n + ".*"; },
      [](const std::string& n) { return "*:a-long-common-part:" + n + ":*"; },
      [](const std::string& n) { return "a-common-part-longer-than-what-is-hashed:" + n + ":*"; },
  };
  for (const auto& shape : shapes) {
    IndexedPatterns patterns;
    for (int i = 0; i < 30000; ++i) patterns.Add(shape(std::to_string(i)));
    const uint64_t before = patterns.index().candidates();
    ASSERT_EQ(patterns.Find("room.berlin:lobby.x.y"), Texts());
    EXPECT_LE(patterns.index().candidates() - before, 100u) << shape("N");
  }
}

}  // namespace
}  // namespace leat::data
