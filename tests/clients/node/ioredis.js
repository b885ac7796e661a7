// The log through ioredis. What each client does and prints: tests/clients/README.md.
//
//     node ioredis.js PACKAGE MODE PORT PROTOCOL NAME DEPTH <lines
//
// PACKAGE is `ioredis` (version 5, RESP2 only) or `ioredis-6` (RESP2 and RESP3).

import { batches, lines, show, spoken } from "./lines.js";

const [library, mode, port, protocol, name, depth] = process.argv.slice(2);
const { Redis } = await import(library);
const PAGE = 500;

function connect(options = {}) {
  const redis = new Redis({
    host: "127.0.0.1",
    port: Number(port),
    protocol: Number(protocol),
    ...options,
  });
  return redis.on("error", console.error);
}

async function feed() {
  const end = `${name}:end`;
  const redis = connect();
  const subscriber = connect();
  show("speaks", spoken(await redis.client("INFO")));
  await subscriber.subscribe(name, end);
  const received = [];
  const ended = new Promise((resolve) => {
    subscriber.on("message", (channel, message) => {
      if (channel === end) resolve();
      else received.push(message);
    });
  });
  for await (const batch of batches(Number(depth))) {
    const pipeline = redis.pipeline();
    for (const line of batch) pipeline.publish(name, line).xadd(name, "*", "line", line);
    const results = await pipeline.exec();
    results.forEach(([error, reply], i) => {
      if (error) throw error;
      show(i % 2 === 0 ? "published" : "appended", reply);
    });
  }
  await redis.publish(end, "");
  await ended;
  for (const line of received) show("received", line);
  await Promise.all([redis.quit(), subscriber.quit()]);
}

async function read() {
  const redis = connect();
  for (let start = "-"; ; ) {
    const page = await redis.xrange(name, start, "+", "COUNT", PAGE);
    if (page.length === 0) break;
    for (const [id, [, line]] of page) show("ranged", id, line);
    start = `(${page.at(-1)[0]}`;
  }
  for (let last = "0-0"; ; ) {
    const reply = await redis.xread("COUNT", PAGE, "STREAMS", name, last);
    if (reply === null) break;
    const [[, page]] = reply;
    for (const [id, [, line]] of page) show("read", id, line);
    last = page.at(-1)[0];
  }
  await redis.quit();
}

// Every command is sent at once; DEPTH of them are on their way at a time.
async function append() {
  const redis = connect({ retryStrategy: () => null });
  const onTheirWay = [];
  let connected = true;
  for await (const line of lines()) {
    const reply = redis.xadd(name, "*", "line", line);
    onTheirWay.push(reply.then((id) => show("appended", id), () => (connected = false)));
    if (onTheirWay.length >= depth) await onTheirWay.shift();
    if (!connected) break;
  }
  await Promise.all(onTheirWay);
  if (!connected) show("disconnected");
  redis.disconnect();
}

await { feed, read, append }[mode]();
process.exit();
