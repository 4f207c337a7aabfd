// What this device keeps of reports that are being written or wait: sealed with a secret of the account, so that without it the rows are
// unreadable bytes. The secret stands in a cookie of this server. Signing out takes the cookie away; signing in again brings it back, and
// with it everything that was kept.
const NAME = 'servanda-entry';
const text = new TextEncoder();
const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('');
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
export const sha256 = async (what) => hex(await crypto.subtle.digest('SHA-256', typeof what === 'string' ? text.encode(what) : what));
export const random = (bytes) => hex(crypto.getRandomValues(new Uint8Array(bytes)));

export const possible = () => Boolean(window.isSecureContext && navigator.serviceWorker && window.indexedDB && crypto?.subtle);

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const finished = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = () => reject(transaction.error);
  transaction.onerror = () => reject(transaction.error);
});

let opened;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 2);
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) {
        request.result.createObjectStore('plain');
        request.result.createObjectStore('sealed', { keyPath: 'id' }).createIndex('owner', 'owner');
      }
      // Files have a store of their own: a list of reports is read without them.
      request.result.createObjectStore('files', { keyPath: 'id' });
    };
    request.onsuccess = () => {
      // A newer page in another tab does not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

// What is nobody's: how the cookie is called here.
export async function setPlain(key, value) {
  const transaction = (await database()).transaction('plain', 'readwrite');
  transaction.objectStore('plain').put(value, key);
  return finished(transaction);
}
export const getPlain = async (key) => done((await database()).transaction('plain').objectStore('plain').get(key));

const cookies = () => Object.fromEntries(document.cookie.split(/; */).map((pair) => pair.split('=')));
// The secret of whoever is signed in on this device, or nothing.
async function secret() {
  const name = await getPlain('cookie');
  const value = name && cookies()[name];
  return value && /^[0-9a-f]{64}$/.test(value) ? value : null;
}
// Takes the secret away: from now on nobody reads what is kept here until the account signs in again.
export async function shut() {
  const name = await getPlain('cookie');
  if (name) document.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Strict${location.protocol === 'https:' ? '; Secure' : ''}`;
}

// The rows of one account.
export class Kept {
  static async open() {
    const value = await secret();
    if (!value) return null;
    const kept = new Kept();
    kept.secret = value;
    kept.key = await crypto.subtle.importKey('raw', unhex(value), 'AES-GCM', false, ['encrypt', 'decrypt']);
    kept.owner = (await sha256(`owner ${value}`)).slice(0, 32);
    return kept;
  }

  // Whether it still is this account's turn: nothing is shown or written for one who signed out in another tab.
  async stands() {
    return (await secret()) === this.secret;
  }

  id(of) {
    return `${this.owner}/${of}`;
  }

  async seal(of, value) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const about = text.encode(this.id(of));
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: about }, this.key, text.encode(JSON.stringify(value)));
    return { id: this.id(of), owner: this.owner, iv, data };
  }

  // Writes several rows, all or none; `null` takes one away.
  async put(rows) {
    const sealed = await Promise.all(Object.entries(rows).filter(([, v]) => v !== null).map(([of, v]) => this.seal(of, v)));
    const transaction = (await database()).transaction('sealed', 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore('sealed');
    for (const row of sealed) store.put(row);
    for (const [of, value] of Object.entries(rows)) if (value === null) store.delete(this.id(of));
    return finished(transaction);
  }

  async open(row) {
    try {
      const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.iv, additionalData: text.encode(row.id) }, this.key, row.data);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null; // of an account whose secret is another one, or damaged: left as it is
    }
  }

  // Keeps the bytes of a file, sealed as the rows are.
  async putFile(of, bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: text.encode(this.id(of)) }, this.key, bytes);
    const transaction = (await database()).transaction('files', 'readwrite', { durability: 'strict' });
    transaction.objectStore('files').put({ id: this.id(of), iv, data });
    return finished(transaction);
  }

  // Its bytes, or nothing.
  async file(of) {
    const row = await done((await database()).transaction('files').objectStore('files').get(this.id(of)));
    if (!row) return null;
    try {
      return await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.iv, additionalData: text.encode(row.id) }, this.key, row.data);
    } catch {
      return null;
    }
  }

  async dropFiles(all) {
    if (!all.length) return;
    const transaction = (await database()).transaction('files', 'readwrite');
    for (const of of all) transaction.objectStore('files').delete(this.id(of));
    return finished(transaction);
  }

  async get(of) {
    const row = await done((await database()).transaction('sealed').objectStore('sealed').get(this.id(of)));
    return row ? this.open(row) : null;
  }

  async items() {
    const rows = await done((await database()).transaction('sealed').objectStore('sealed').index('owner').getAll(this.owner));
    const all = await Promise.all(rows.filter((row) => row.id.includes('/item-')).map((row) => this.open(row)));
    return all.filter(Boolean).sort((a, b) => (a.made ?? a.begun).localeCompare(b.made ?? b.begun));
  }
}
