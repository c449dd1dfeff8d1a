// The key list and the status lists: kept, asked for again when there is a network, and never exchanged for older ones.

import { Refused } from "./bytes.js";
import { accept as acceptKeys } from "./keys.js";
import { SLOTS, accept as acceptStatus } from "./status.js";

const KEYS = "/.well-known/metrology-keys.json";
const SHARDS = "/status/";
const FEW = 4; // so many shards are asked for each time, of more only those that have changed or are needed

export class Lists {
  // `pins` are the roots this page came with, `clock` gives the instant, `shelf` keeps texts.
  constructor({ shelf, crypto, pins, clock, fetch = (...asked) => globalThis.fetch(...asked) }) {
    Object.assign(this, { shelf, crypto, pins, clock, fetch });
    this.keys = null;
    this.shards = new Map();
    this.refused = new Map(); // what was refused at the last asking, by name of the list
  }

  // Take from the shelf what was accepted before. It is read with the same care: what no longer verifies is not there.
  async load() {
    const kept = await this.shelf.get("keys");
    if (kept) this.keys = await this.quietly(() => acceptKeys(kept.body, this.ever({ roots: kept.roots, kept: null })));
    if (this.keys && this.pins.length && !this.pins.some((pin) => this.keys.roots.some((root) => root.kid === pin.kid))) {
      this.keys = null; // the installation began anew with another root: what was kept belongs to the earlier one
      await this.shelf.clear();
    }
    if (!this.keys) return;
    for (const name of await this.shelf.names()) {
      if (!name.startsWith("status/")) continue;
      const { body } = await this.shelf.get(name);
      const list = await this.quietly(() => acceptStatus(body, this.ever({ keys: this.keys, keptVersion: () => 0 })));
      if (list) this.shards.set(list.shard, list);
    }
  }

  ever(known) {
    return { ...known, now: Number.MAX_SAFE_INTEGER, crypto: this.crypto };
  }

  async quietly(work) {
    try {
      return await work();
    } catch (refusal) {
      if (refusal instanceof Refused) return null;
      throw refusal;
    }
  }

  // Ask the server for newer lists; that of `index` in any case. True when it was reached.
  async update(index = null) {
    const body = await this.text(KEYS);
    if (body === null) return false;
    const roots = this.keys ? this.keys.roots : this.pins;
    const list = await this.taken("keys", () => acceptKeys(body, { roots, kept: this.keys, now: this.clock(), crypto: this.crypto }));
    if (list) {
      const isNew = list.hash !== this.keys?.hash;
      this.keys = list;
      if (isNew) await this.shelf.put("keys", { body, roots });
      await this.dropUnbelieved();
    }
    if (this.keys) await this.updateShards(index === null ? null : shardOf(index));
    return true;
  }

  // A status list whose key has been revoked meanwhile is worth nothing.
  async dropUnbelieved() {
    for (const shard of [...this.shards.keys()]) {
      const { body } = (await this.shelf.get(`status/${shard}`)) ?? {};
      const known = this.ever({ keys: this.keys, keptVersion: () => 0 });
      if (!body || !(await this.quietly(() => acceptStatus(body, known)))) this.shards.delete(shard);
    }
  }

  // A list is signed anew when it is asked for: that its version in the index is the one kept does not say that nothing changed.
  async updateShards(needed) {
    const index = await this.text(SHARDS);
    const listed = index === null ? [] : namesOf(index);
    const isWanted = ({ shard, version }) =>
      listed.length <= FEW || shard === needed || this.shards.get(shard)?.version !== version;
    const wanted = listed.filter(isWanted);
    for (let at = 0; at < wanted.length; at += 4) {
      await Promise.all(wanted.slice(at, at + 4).map(({ shard }) => this.updateShard(shard)));
    }
  }

  // Ask for the list in which an index stands. True when it is another than before.
  async follow(index) {
    const shard = shardOf(index);
    const before = this.shards.get(shard)?.version;
    if (this.keys) await this.updateShard(shard);
    return this.shards.get(shard)?.version !== before;
  }

  async updateShard(shard) {
    const name = `status/${shard}`;
    const body = await this.text(`/${name}`);
    if (body === null) return;
    const known = { keys: this.keys, keptVersion: (of) => this.shards.get(of)?.version ?? 0, now: this.clock(), crypto: this.crypto };
    const list = await this.taken(name, () => acceptStatus(body, known));
    if (!list || list.shard !== shard) return;
    this.shards.set(shard, list);
    await this.shelf.put(name, { body });
  }

  async taken(name, work) {
    try {
      const list = await work();
      this.refused.delete(name);
      return list;
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      this.refused.set(name, refusal.word);
      return null;
    }
  }

  async text(path) {
    try {
      const answer = await this.fetch(path, { cache: "no-cache", credentials: "omit" });
      return answer.ok ? await answer.text() : null;
    } catch {
      return null; // no network
    }
  }

  // Not before anything signed that was seen: a clock set back makes nothing valid again.
  now() {
    return Math.max(this.clock(), this.keys?.issued ?? 0, ...[...this.shards.values()].map((list) => list.issued));
  }

  // The oldest of what is kept: as of when answers hold. Null while something lacks.
  get asOf() {
    const issued = [...this.shards.values()].map((list) => list.issued);
    return this.keys && issued.length ? Math.min(...issued) : null;
  }
}

const shardOf = (index) => Math.floor(index / SLOTS);

// [{shard, version}] of the index; what is no such thing is passed over.
function namesOf(index) {
  try {
    const { shards } = JSON.parse(index);
    return shards.filter(({ shard }) => Number.isInteger(shard) && shard >= 0 && shard < 2 ** 32 / SLOTS);
  } catch {
    return [];
  }
}
