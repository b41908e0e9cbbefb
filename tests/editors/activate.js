// Activates the extension where VS Code and its client are stand-ins: node activate.js EXTENSION SETTINGS, which are
// JSON: {path, target, trusted, fails}. Prints what the client was made with, and what the user was told.
"use strict";

const Module = require("node:module");
const path = require("node:path");

const [extension, given] = process.argv.slice(2);
const settings = JSON.parse(given);
const said = { clients: [], told: [], commands: [], stopped: 0 };

class LanguageClient {
  constructor(id, name, server, options) {
    said.clients.push({ id, name, server, options });
  }
  async start() {
    if (settings.fails) throw new Error("spawn ENOENT");
  }
  async stop() {
    said.stopped += 1;
  }
}
const disposable = { dispose() {} };
const vscode = {
  commands: {
    registerCommand: (name) => (said.commands.push(name), disposable),
    executeCommand: async (...words) => said.commands.push(words),
  },
  window: { showErrorMessage: async (message, ...buttons) => (said.told.push(message), buttons[0]) },
  workspace: {
    isTrusted: settings.trusted,
    workspaceFolders: [{ uri: { scheme: "file", fsPath: path.resolve("/home/me/models") } }],
    getConfiguration: () => ({ get: (name, usual) => settings[name] ?? usual }),
    onDidGrantWorkspaceTrust: () => disposable,
    onDidChangeConfiguration: () => disposable,
  },
};
const load = Module._load;
Module._load = (name, ...rest) =>
  name === "vscode" ? vscode : name === "vscode-languageclient/node" ? { LanguageClient } : load(name, ...rest);

async function main() {
  const { activate, deactivate } = require(path.join(extension, "extension.js"));
  await activate({ subscriptions: [] });
  await deactivate();
  process.stdout.write(JSON.stringify(said));
}

main();
