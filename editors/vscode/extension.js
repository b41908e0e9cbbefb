// Starts `mkmodelfile lsp` and lets it answer for Modelfiles, package files and Go templates.
"use strict";

const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const SELECTOR = [
  { language: "modelfile" },
  { language: "gotmpl" },
  { scheme: "file", pattern: "**/mkmodelfile.{yaml,yml}" },
];

let client;

// A path with a folder in it starts from the workspace; a bare name is looked for on the PATH.
function commandOf(settings) {
  const given = settings.get("path", "mkmodelfile").trim() || "mkmodelfile";
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (!/[\\/]/.test(given) || path.isAbsolute(given) || folder?.scheme !== "file") {
    return given;
  }
  return path.join(folder.fsPath, given);
}

async function start() {
  const settings = vscode.workspace.getConfiguration("mkmodelfile");
  const command = commandOf(settings);
  client = new LanguageClient(
    "mkmodelfile",
    "Modelfile",
    { command, args: ["lsp"] },
    {
      documentSelector: SELECTOR,
      initializationOptions: { target: settings.get("target", "") },
      synchronize: { configurationSection: "mkmodelfile" },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const open = "Open settings";
    const chosen = await vscode.window.showErrorMessage(
      `The language server did not start (${command} lsp): ${error.message}. ` +
        'Install it with: pip install "modelfile-kit[lsp]", or say in mkmodelfile.path where it is.',
      open,
    );
    if (chosen === open) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "mkmodelfile.path");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("mkmodelfile.restart", restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((change) =>
      change.affectsConfiguration("mkmodelfile.path") ? restart() : undefined,
    ),
  );
  if (vscode.workspace.isTrusted) {
    await start();
  }
};

exports.deactivate = stop;
