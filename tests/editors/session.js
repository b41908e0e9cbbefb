// A session with a language server by the library that VS Code's own client is made of: node session.js
// EXTENSION COMMAND ARGUMENT... Prints what the server said, as JSON.
"use strict";

const { spawn } = require("node:child_process");
const path = require("node:path");

const [extension, command, ...rest] = process.argv.slice(2);
const protocol = path.join(extension, "node_modules", "vscode-languageserver-protocol", "node");
const { createProtocolConnection, StreamMessageReader, StreamMessageWriter } = require(protocol);
const lsp = require(protocol);

async function main() {
  const server = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  const findings = new Promise((resolve) => {
    connection.onNotification(lsp.PublishDiagnosticsNotification.type, resolve);
  });
  connection.listen();
  const about = { processId: process.pid, rootUri: null, capabilities: {} };
  const { capabilities } = await connection.sendRequest(lsp.InitializeRequest.type, about);
  await connection.sendNotification(lsp.InitializedNotification.type, {});
  const uri = "untitled:Modelfile";
  const text = "FROM a\nPARAMETER temperatur 1\n";
  const textDocument = { uri, languageId: "modelfile", version: 1, text };
  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, { textDocument });
  const position = { line: 1, character: 12 };
  const hover = await connection.sendRequest(lsp.HoverRequest.type, { textDocument: { uri }, position });
  const choices = await connection.sendRequest(lsp.CompletionRequest.type, { textDocument: { uri }, position });
  const { diagnostics } = await findings;
  await connection.sendRequest(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
  const code = await new Promise((resolve) => server.on("exit", resolve));
  connection.dispose();
  const labels = choices.items.map((item) => item.label);
  process.stdout.write(JSON.stringify({ capabilities, hover, labels, diagnostics, code }));
}

main();
