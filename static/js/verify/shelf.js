// What the checker keeps between visits: the signed lists as they came. In IndexedDB, or in memory where a browser refuses it.

const DATABASE = "metrology-verify";
const STORE = "lists";

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return asked(request);
}

class Shelf {
  constructor(database) {
    this.database = database;
  }

  store(mode) {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }

  get(name) {
    return asked(this.store("readonly").get(name));
  }

  put(name, value) {
    return asked(this.store("readwrite").put(value, name));
  }

  names() {
    return asked(this.store("readonly").getAllKeys());
  }

  clear() {
    return asked(this.store("readwrite").clear());
  }
}

// The same for as long as the page is open.
class Memory {
  kept = new Map();
  get = async (name) => this.kept.get(name);
  put = async (name, value) => this.kept.set(name, value);
  names = async () => [...this.kept.keys()];
  clear = async () => this.kept.clear();
}

export async function shelf() {
  try {
    return new Shelf(await open());
  } catch {
    return new Memory();
  }
}
