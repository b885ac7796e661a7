// The log through hiredis. What each client does and prints: tests/clients/README.md.
//
//     client MODE PORT PROTOCOL NAME DEPTH <lines
//
// Debian's hiredis has no RESP3, so PROTOCOL is 2.

#include <hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxDepth = 1000, kPage = 500, kMaxId = 64 };

static char* batch[kMaxDepth];  // lines, from getline()

static void Fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static redisContext* Connect(int port) {
  redisContext* context = redisConnect("127.0.0.1", port);
  if (context == NULL || context->err) Fail(context ? context->errstr : "no memory");
  return context;
}

// The next reply, which is not an error; NULL where the connection is gone.
static redisReply* NextReply(redisContext* context) {
  void* reply = NULL;
  if (redisGetReply(context, &reply) != REDIS_OK) return NULL;
  if (((redisReply*)reply)->type == REDIS_REPLY_ERROR) Fail(((redisReply*)reply)->str);
  return reply;
}

static redisReply* NeedReply(redisContext* context) {
  redisReply* reply = NextReply(context);
  if (reply == NULL) Fail(context->errstr);
  return reply;
}

// Fills `batch` with up to `depth` lines of the standard input; returns how many.
static int ReadBatch(int depth) {
  int count = 0;
  while (count < depth) {
    char* line = NULL;
    size_t capacity = 0;
    const ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0) {
      free(line);
      break;
    }
    if (line[length - 1] == '\n') line[length - 1] = '\0';
    batch[count++] = line;
  }
  return count;
}

static void FreeBatch(int count) {
  for (int i = 0; i < count; ++i) free(batch[i]);
}

static void Feed(int port, const char* name, int depth) {
  redisContext* context = Connect(port);
  redisContext* subscriber = Connect(port);
  redisAppendCommand(context, "CLIENT INFO");
  redisReply* info = NeedReply(context);
  const char* version = strstr(info->str, " resp=");
  if (version == NULL) Fail("CLIENT INFO does not name the protocol");
  printf("speaks %c\n", version[strlen(" resp=")]);
  freeReplyObject(info);

  redisAppendCommand(subscriber, "SUBSCRIBE %s %s:end", name, name);
  freeReplyObject(NeedReply(subscriber));
  freeReplyObject(NeedReply(subscriber));

  for (int count; (count = ReadBatch(depth)) > 0; FreeBatch(count)) {
    for (int i = 0; i < count; ++i) {
      redisAppendCommand(context, "PUBLISH %s %s", name, batch[i]);
      redisAppendCommand(context, "XADD %s * line %s", name, batch[i]);
    }
    for (int i = 0; i < count; ++i) {
      redisReply* receivers = NeedReply(context);
      printf("published %lld\n", receivers->integer);
      freeReplyObject(receivers);
      redisReply* id = NeedReply(context);
      printf("appended %s\n", id->str);
      freeReplyObject(id);
    }
  }
  freeReplyObject(redisCommand(context, "PUBLISH %s:end %s", name, ""));

  // The subscriber has not read until now: the server has kept everything for it.
  redisReply* message;
  while (strcmp((message = NeedReply(subscriber))->element[1]->str, name) == 0) {
    printf("received %s\n", message->element[2]->str);
    freeReplyObject(message);
  }
  freeReplyObject(message);
  redisFree(subscriber);
  redisFree(context);
}

// Prints a page of entries; where there are any, `last` becomes the ID of the last one.
static void ShowPage(const char* verb, const redisReply* page, char last[kMaxId]) {
  for (size_t i = 0; i < page->elements; ++i) {
    const redisReply* entry = page->element[i];
    printf("%s %s %s\n", verb, entry->element[0]->str, entry->element[1]->element[1]->str);
    snprintf(last, kMaxId, "%s", entry->element[0]->str);
  }
}

static void Read(int port, const char* name) {
  redisContext* context = Connect(port);
  char last[kMaxId] = "0-0";
  for (int at_end = 0; !at_end;) {
    redisAppendCommand(context, "XRANGE %s (%s + COUNT %d", name, last, kPage);
    redisReply* page = NeedReply(context);
    ShowPage("ranged", page, last);
    at_end = page->elements == 0;
    freeReplyObject(page);
  }

  snprintf(last, kMaxId, "0-0");
  for (int at_end = 0; !at_end;) {
    redisAppendCommand(context, "XREAD COUNT %d STREAMS %s %s", kPage, name, last);
    redisReply* reply = NeedReply(context);
    at_end = reply->type == REDIS_REPLY_NIL;
    if (!at_end) ShowPage("read", reply->element[0]->element[1], last);
    freeReplyObject(reply);
  }
  redisFree(context);
}

static void Append(int port, const char* name, int depth) {
  redisContext* context = Connect(port);
  for (int count; (count = ReadBatch(depth)) > 0; FreeBatch(count)) {
    for (int i = 0; i < count; ++i) {
      redisAppendCommand(context, "XADD %s * line %s", name, batch[i]);
    }
    for (int i = 0; i < count; ++i) {
      redisReply* id = NextReply(context);
      if (id == NULL) {
        printf("disconnected\n");
        exit(0);
      }
      printf("appended %s\n", id->str);
      freeReplyObject(id);
    }
    fflush(stdout);
  }
  redisFree(context);
}

int main(int argc, char** argv) {
  if (argc != 6) Fail("client MODE PORT PROTOCOL NAME DEPTH <lines");
  const int port = atoi(argv[2]);
  const char* name = argv[4];
  const int depth = atoi(argv[5]);
  if (depth < 1 || depth > kMaxDepth) Fail("DEPTH is out of range");
  if (strcmp(argv[3], "2") != 0) Fail("PROTOCOL must be 2");
  if (strcmp(argv[1], "feed") == 0) {
    Feed(port, name, depth);
  } else if (strcmp(argv[1], "read") == 0) {
    Read(port, name);
  } else {
    Append(port, name, depth);
  }
  return 0;
}
