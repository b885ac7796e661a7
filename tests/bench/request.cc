#include "tests/bench/request.h"

namespace leat::bench {
namespace {

constexpr std::string_view kRandom = "__rand__";
constexpr std::string_view kSequence = "__seq__";
constexpr std::string_view kData = "__data__";
constexpr size_t kDigits = 12;

void WriteDigits(char* out, uint64_t number) {
  for (size_t i = kDigits; i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
}

// `word` with its placeholders widened; on_digits(offset, sequential) hears where digits stand.
template <typename OnDigits>
std::string Expand(std::string_view word, std::string_view payload, OnDigits&& on_digits) {
  std::string out;
  while (!word.empty()) {
    if (word.starts_with(kData)) {
      out += payload;
      word.remove_prefix(kData.size());
    } else if (word.starts_with(kRandom) || word.starts_with(kSequence)) {
      const bool sequential = word.starts_with(kSequence);
      on_digits(out.size(), sequential);
      out.append(kDigits, '0');
      word.remove_prefix(sequential ? kSequence.size() : kRandom.size());
    } else {
      out += word.front();
      word.remove_prefix(1);
    }
  }
  return out;
}

void AppendHeader(std::string& out, char type, size_t number) {
  out += type;
  out += std::to_string(number);
  out += "\r\n";
}

}  // namespace

std::string EncodeRequest(std::span<const std::string> arguments) {
  std::string out;
  AppendHeader(out, '*', arguments.size());
  for (const std::string& argument : arguments) {
    AppendHeader(out, '$', argument.size());
    out += argument;
    out += "\r\n";
  }
  return out;
}

std::string MakePayload(size_t size) {
  std::string payload(size, 'x');
  // Not one repeated byte, so that nothing on the way can compress it to nothing.
  Random random(7);
  for (char& byte : payload) byte = static_cast<char>('a' + random.Below(26));
  return payload;
}

std::optional<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  bool quoted = false;
  for (const char byte : line) {
    if (byte == '"') {
      quoted = !quoted;
      if (!in_word) words.emplace_back();
      in_word = true;
    } else if (byte == ' ' && !quoted) {
      in_word = false;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      words.back() += byte;
    }
  }
  if (quoted || words.empty()) return std::nullopt;
  return words;
}

RequestBatch::RequestBatch(std::span<const std::string> words, size_t count,
                           std::string_view payload) {
  std::string request;
  AppendHeader(request, '*', words.size());
  for (const std::string& word : words) {
    std::vector<Patch> in_word;
    const std::string argument = Expand(word, payload, [&](size_t offset, bool sequential) {
      in_word.push_back({offset, sequential});
    });
    AppendHeader(request, '$', argument.size());
    for (const Patch& patch : in_word) {
      patches_.push_back({request.size() + patch.offset, patch.sequential});
    }
    request += argument;
    request += "\r\n";
  }
  request_bytes_ = request.size();
  bytes_.reserve(request.size() * count);
  for (size_t i = 0; i < count; ++i) bytes_ += request;
}

std::string_view RequestBatch::Next(size_t count, KeySource& keys) {
  for (size_t i = 0; i < count; ++i) {
    for (const Patch& patch : patches_) {
      const uint64_t number =
          patch.sequential ? keys.sequence++ % keys.keyspace : keys.random.Below(keys.keyspace);
      WriteDigits(bytes_.data() + i * request_bytes_ + patch.offset, number);
    }
  }
  return std::string_view(bytes_).substr(0, count * request_bytes_);
}

}  // namespace leat::bench
