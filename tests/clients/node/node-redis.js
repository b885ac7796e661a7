// The log through node-redis. What each client does and prints: tests/clients/README.md.
//
//     node node-redis.js PACKAGE MODE PORT PROTOCOL NAME DEPTH <lines
//
// PACKAGE is `redis` (version 5) or `redis-6`. What is sent in one turn of the event loop is
// pipelined.

import { batches, lines, show, spoken } from "./lines.js";

const [library, mode, port, protocol, name, depth] = process.argv.slice(2);
const { createClient } = await import(library);
const PAGE = 500;

function connect(socket = {}) {
  return createClient({
    RESP: Number(protocol),
    socket: { host: "127.0.0.1", port: Number(port), ...socket },
    unstableResp3: true, // version 5 wants it for XREAD in RESP3
  })
    .on("error", console.error)
    .connect();
}

async function feed() {
  const end = `${name}:end`;
  const client = await connect();
  const subscriber = await client.duplicate().connect();
  show("speaks", spoken(await client.sendCommand(["CLIENT", "INFO"])));
  const received = [];
  await subscriber.subscribe(name, (message) => received.push(message));
  let resolveEnded;
  const ended = new Promise((resolve) => (resolveEnded = resolve));
  await subscriber.subscribe(end, resolveEnded);
  for await (const batch of batches(Number(depth))) {
    const replies = await Promise.all(
      batch.flatMap((line) => [client.publish(name, line), client.xAdd(name, "*", { line })]),
    );
    replies.forEach((reply, i) => show(i % 2 === 0 ? "published" : "appended", reply));
  }
  await client.publish(end, "");
  await ended;
  for (const line of received) show("received", line);
  await Promise.all([client.close(), subscriber.close()]);
}

// The entries of an XREAD reply as [id, line]. Version 5 hands out RESP3's map as it came.
function entries(reply) {
  if (!Array.isArray(reply)) return reply[name].map(([id, [, line]]) => [id, line]);
  return reply[0].messages.map(({ id, message }) => [id, message.line]);
}

async function read() {
  const client = await connect();
  for (let start = "-"; ; ) {
    const page = await client.xRange(name, start, "+", { COUNT: PAGE });
    if (page.length === 0) break;
    for (const { id, message } of page) show("ranged", id, message.line);
    start = `(${page.at(-1).id}`;
  }
  for (let last = "0-0"; ; ) {
    const reply = await client.xRead({ key: name, id: last }, { COUNT: PAGE });
    if (reply === null) break;
    const page = entries(reply);
    for (const [id, line] of page) show("read", id, line);
    last = page.at(-1)[0];
  }
  await client.close();
}

// DEPTH commands are on their way at a time.
async function append() {
  const client = await connect({ reconnectStrategy: false });
  const onTheirWay = [];
  let connected = true;
  for await (const line of lines()) {
    const reply = client.xAdd(name, "*", { line });
    onTheirWay.push(reply.then((id) => show("appended", id), () => (connected = false)));
    if (onTheirWay.length >= depth) await onTheirWay.shift();
    if (!connected) break;
  }
  await Promise.all(onTheirWay);
  if (connected) await client.close();
  else show("disconnected");
}

await { feed, read, append }[mode]();
process.exit();
