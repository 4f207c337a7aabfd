// The editor's end of the conversation with `servanda lsp`: messages framed, questions and their answers, nothing of an editor.
//
// No dependencies: the protocol is a head with a length and JSON, and that is all that stands here.

"use strict";

const { spawn } = require("child_process");

class Client {
  /**
   * Starts the server with these words behind `lsp`. `heard` gets every notification (method, params), `ended` the reason when it has ended.
   */
  constructor(path, words, heard, ended) {
    this.heard = heard;
    this.ended = ended;
    this.waiting = new Map();
    this.next = 1;
    this.bytes = Buffer.alloc(0);
    this.told = "";
    this.over = false;
    this.server = spawn(path, ["lsp", ...words], { stdio: ["pipe", "pipe", "pipe"] });
    this.server.on("error", (error) => this.end(`\`${path}\` cannot be started: ${error.message}`));
    this.server.on("exit", (code) => this.end(this.told.trim() || `it ended with ${code}`));
    this.server.stdin.on("error", () => {});
    this.server.stderr.on("data", (data) => (this.told = (this.told + data).slice(-2000)));
    this.server.stdout.on("data", (data) => this.read(data));
  }

  end(why) {
    if (this.over) return;
    this.over = true;
    for (const { no } of this.waiting.values()) no(new Error(why));
    this.waiting.clear();
    this.ended(why);
  }

  read(data) {
    this.bytes = Buffer.concat([this.bytes, data]);
    for (;;) {
      const head = this.bytes.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = /content-length: *(\d+)/i.exec(this.bytes.subarray(0, head).toString("latin1"));
      if (!length) return this.end("it said something that is no message");
      const end = head + 4 + Number(length[1]);
      if (this.bytes.length < end) return;
      const message = JSON.parse(this.bytes.subarray(head + 4, end).toString("utf8"));
      this.bytes = this.bytes.subarray(end);
      if (message.method !== undefined) {
        this.heard(message.method, message.params);
        // What the server asks is heard, and that is all it waits for.
        if (message.id !== undefined) this.write({ id: message.id, result: null });
      } else if (this.waiting.has(message.id)) {
        const { yes, no } = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (message.error) no(new Error(message.error.message));
        else yes(message.result);
      }
    }
  }

  write(message) {
    if (this.over) return;
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }), "utf8");
    this.server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.server.stdin.write(body);
  }

  /** Says something that has no answer. */
  note(method, params) {
    this.write({ method, params });
  }

  /** Asks; `token` is the editor's, and takes the question back. */
  ask(method, params, token) {
    if (this.over) return Promise.reject(new Error("the language server has ended"));
    const id = this.next++;
    const answer = new Promise((yes, no) => this.waiting.set(id, { yes, no }));
    this.write({ id, method, params });
    if (token) token.onCancellationRequested(() => this.note("$/cancelRequest", { id }));
    return answer;
  }

  /** Says who the editor is and what it can take. */
  async begin(capabilities) {
    const said = await this.ask("initialize", { processId: process.pid, rootUri: null, capabilities });
    this.note("initialized", {});
    return said;
  }

  /** Takes leave. */
  async leave() {
    if (this.over) return;
    await this.ask("shutdown", null).catch(() => {});
    this.note("exit", null);
    this.server.stdin.end();
  }
}

module.exports = { Client };
