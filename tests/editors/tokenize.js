// Tokens of texts by a grammar of the extension, as VS Code makes them: node tokenize.js EXTENSION SCOPE, with a
// JSON list of texts on standard input. Prints for each a list of lines, each a list of [text, scopes].
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const [extension, scope] = process.argv.slice(2);
const modules = path.join(extension, "node_modules");
const { Registry, parseRawGrammar, INITIAL } = require(path.join(modules, "vscode-textmate"));
const oniguruma = require(path.join(modules, "vscode-oniguruma"));

async function main() {
  const { grammars } = JSON.parse(fs.readFileSync(path.join(extension, "package.json"), "utf8")).contributes;
  const wasm = fs.readFileSync(path.join(modules, "vscode-oniguruma", "release", "onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (wanted) => {
      const found = grammars.find((grammar) => grammar.scopeName === wanted);
      if (!found) return null;
      const file = path.join(extension, found.path);
      return parseRawGrammar(fs.readFileSync(file, "utf8"), file);
    },
  });
  const grammar = await registry.loadGrammar(scope);
  const found = JSON.parse(fs.readFileSync(0, "utf8")).map((text) => {
    let state = INITIAL;
    // An editor's lines, without their ends.
    return text.split(/\r\n|\r|\n/).map((line) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
      state = ruleStack;
      return tokens.map((token) => [line.slice(token.startIndex, token.endIndex), token.scopes]);
    });
  });
  process.stdout.write(JSON.stringify(found));
}

main();
