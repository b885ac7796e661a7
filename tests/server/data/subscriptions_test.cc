#include "server/data/subscriptions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/data/pattern_subscriptions.h"

namespace leat::data {
namespace {

struct Client : Subscriber {};

std::vector<const Subscriber*> SubscribersOf(const Subscriptions& table, std::string_view name) {
  std::vector<const Subscriber*> subscribers;
  if (const Channel* channel = table.Find(name)) {
    channel->ForEach([&](const Subscriber* subscriber) { subscribers.push_back(subscriber); });
  }
  return subscribers;
}

std::set<std::string> NamesOf(std::span<Channel* const> channels) {
  std::set<std::string> names;
  for (const Channel* channel : channels) names.emplace(channel->name());
  return names;
}

using Subscribers = std::vector<const Subscriber*>;
using Names = std::set<std::string>;

TEST(SubscriptionsTest, WhatIsNotThere) {
  Subscriptions table(1);
  Client ann, bob;
  EXPECT_EQ(table.Find("news"), nullptr);
  EXPECT_FALSE(table.Unsubscribe("news", &ann));
  EXPECT_TRUE(table.ChannelsOf(&ann).empty());
  table.UnsubscribeAll(&ann);

  table.Subscribe("news", &ann);
  EXPECT_FALSE(table.Unsubscribe("news", &bob)) << "another's subscription stays";
  EXPECT_FALSE(table.IsSubscribed("news", &bob));
  EXPECT_TRUE(table.IsSubscribed("news", &ann));
}

TEST(SubscriptionsTest, SubscribingTwiceIsOneSubscription) {
  Subscriptions table(1);
  Client ann;
  EXPECT_NE(table.Subscribe("news", &ann), nullptr);
  EXPECT_EQ(table.Subscribe("news", &ann), nullptr);
  EXPECT_EQ(table.Find("news")->subscriber_count(), 1u);
  EXPECT_TRUE(table.Unsubscribe("news", &ann));
  EXPECT_FALSE(table.Unsubscribe("news", &ann));
}

TEST(SubscriptionsTest, AChannelGoesWithItsLastSubscriber) {
  Subscriptions table(1);
  Client ann, bob;
  table.Subscribe("news", &ann);
  table.Subscribe("news", &bob);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.subscription_count(), 2u);
  table.Unsubscribe("news", &ann);
  EXPECT_EQ(SubscribersOf(table, "news"), Subscribers({&bob}));
  table.Unsubscribe(table.Find("news")->name(), &bob);
  EXPECT_EQ(table.Find("news"), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(SubscriptionsTest, SubscribersAreVisitedInTheOrderOfSubscription) {
  Subscriptions table(1);
  std::vector<Client> clients(100);
  for (Client& client : clients) table.Subscribe("news", &client);
  for (size_t i = 0; i < clients.size(); ++i) {
    if (i % 10 != 3) table.Unsubscribe("news", &clients[i]);
  }
  table.Subscribe("news", &clients[0]);
  Subscribers expected;
  for (size_t i = 3; i < clients.size(); i += 10) expected.push_back(&clients[i]);
  expected.push_back(&clients[0]);
  EXPECT_EQ(SubscribersOf(table, "news"), expected);
}

TEST(SubscriptionsTest, NamesCanBeEmptyBinaryAndLong) {
  Subscriptions table(1);
  Client ann;
  const std::string binary("a\0b", 3);
  const std::string long_name(100000, 'x');
  for (const std::string& name : {std::string(), binary, long_name, std::string("a")}) {
    table.Subscribe(name, &ann);
  }
  EXPECT_EQ(NamesOf(table.ChannelsOf(&ann)), Names({"", "a", binary, long_name}));
  EXPECT_EQ(table.Find(binary)->name(), binary);
  EXPECT_TRUE(table.Unsubscribe("", &ann));
  EXPECT_EQ(table.size(), 3u);
}

TEST(SubscriptionsTest, NamesAreListedByGlob) {
  Subscriptions table(1);
  Client ann;
  for (const char* name : {"news.art", "news.tech", "weather", ""}) table.Subscribe(name, &ann);
  const auto listed = [&](std::optional<std::string_view> glob) {
    const std::vector<std::string_view> names = table.Names(glob);
    return Names(names.begin(), names.end());
  };
  EXPECT_EQ(listed(std::nullopt), Names({"", "news.art", "news.tech", "weather"}));
  EXPECT_EQ(listed("news.*"), Names({"news.art", "news.tech"}));
  EXPECT_EQ(listed("none*"), Names());
}

TEST(SubscriptionsTest, AgreesWithAPlainModelThroughRandomChanges) {
  std::mt19937 random(11);
  Subscriptions table(1);
  std::vector<Client> clients(40);
  std::map<std::string, Subscribers> model;
  for (int step = 0; step < 60000; ++step) {
    Client* client = &clients[random() % clients.size()];
    const std::string name = "channel" + std::to_string(random() % 60);
    Subscribers& expected = model[name];
    const auto at = std::find(expected.begin(), expected.end(), client);
    const bool grow = step % 20000 < 10000;
    if (random() % 2000 == 0) {
      table.UnsubscribeAll(client);
      for (auto& [other, subscribers] : model) {
        subscribers.erase(std::remove(subscribers.begin(), subscribers.end(), client),
                          subscribers.end());
      }
    } else if (random() % 10 < (grow ? 7 : 2)) {
      ASSERT_EQ(table.Subscribe(name, client) != nullptr, at == expected.end());
      if (at == expected.end()) expected.push_back(client);
    } else {
      ASSERT_EQ(table.Unsubscribe(name, client), at != expected.end());
      if (at != expected.end()) expected.erase(at);
    }
    ASSERT_EQ(SubscribersOf(table, name), expected);
    if (step % 50 != 0) continue;
    Names channels;
    for (const auto& [channel, subscribers] : model) {
      if (std::count(subscribers.begin(), subscribers.end(), client) > 0) channels.insert(channel);
    }
    ASSERT_EQ(NamesOf(table.ChannelsOf(client)), channels);
    ASSERT_EQ(table.ChannelsOf(client).size(), channels.size());
  }
}

TEST(SubscriptionsTest, AHundredThousandOfEither) {
  Subscriptions table(1);
  std::vector<Client> clients(100000);
  for (Client& client : clients) table.Subscribe("news", &client);
  for (Client& client : clients) ASSERT_TRUE(table.Unsubscribe("news", &client));
  EXPECT_EQ(table.size(), 0u);

  Client* ann = &clients[0];
  for (int i = 0; i < 100000; ++i) table.Subscribe("news" + std::to_string(i), ann);
  EXPECT_EQ(table.ChannelsOf(ann).size(), 100000u);
  for (int i = 0; i < 50000; ++i) ASSERT_TRUE(table.Unsubscribe("news" + std::to_string(i), ann));
  table.UnsubscribeAll(ann);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.subscription_count(), 0u);
}

TEST(PatternSubscriptionsTest, APatternIsFoundWhileItHasASubscriber) {
  PatternSubscriptions patterns(1);
  Client ann, bob;
  const auto found = [&](std::string_view name) {
    Names names;
    patterns.ForEachMatch(name, [&](const Channel& pattern) { names.emplace(pattern.name()); });
    return names;
  };
  EXPECT_EQ(found("news.art"), Names());
  EXPECT_FALSE(patterns.Unsubscribe("news.*", &ann));
  EXPECT_TRUE(patterns.Subscribe("news.*", &ann));
  EXPECT_FALSE(patterns.Subscribe("news.*", &ann));
  EXPECT_TRUE(patterns.Subscribe("news.*", &bob));
  EXPECT_TRUE(patterns.Subscribe("*", &bob));
  EXPECT_EQ(found("news.art"), Names({"*", "news.*"}));
  EXPECT_EQ(patterns.size(), 2u);

  patterns.UnsubscribeAll(&bob);
  EXPECT_EQ(found("news.art"), Names({"news.*"}));
  EXPECT_FALSE(patterns.Unsubscribe("news.*", &bob)) << "ann's stays";
  EXPECT_EQ(found("news.art"), Names({"news.*"}));
  EXPECT_TRUE(patterns.Unsubscribe("news.*", &ann));
  EXPECT_EQ(found("news.art"), Names());
  EXPECT_EQ(patterns.size(), 0u);
}

}  // namespace
}  // namespace leat::data
