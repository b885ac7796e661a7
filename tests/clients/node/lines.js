// What both JavaScript clients read and print.

import { createInterface } from "node:readline";
import { writeSync } from "node:fs";

export const lines = () => createInterface({ input: process.stdin, crlfDelay: Infinity });

// The version of the protocol, from the reply of CLIENT INFO.
export const spoken = (info) => / resp=(\d)/.exec(info)[1];

// The lines of the standard input, `depth` at a time.
export async function* batches(depth) {
  let batch = [];
  for await (const line of lines()) {
    batch.push(line);
    if (batch.length === depth) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

// At once: a line that says what was acknowledged must not wait in a buffer.
const STDOUT = 1;
export const show = (...words) => writeSync(STDOUT, `${words.join(" ")}\n`);
