// Asks @huggingface/ollama-utils for each template: a JSON list on stdin, a JSON list on stdout.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/package.json`);
const { convertGGUFTemplateToOllama } = require("@huggingface/ollama-utils");

const answers = JSON.parse(readFileSync(0, "utf8")).map((entry) => {
	try {
		const found = convertGGUFTemplateToOllama({
			chat_template: entry.source,
			bos_token: entry.bos_token ?? undefined,
			eos_token: entry.eos_token ?? undefined,
		});
		return found ? { template: found.ollama.template } : { why: "no answer" };
	} catch (error) {
		return { why: String(error) };
	}
});
process.stdout.write(JSON.stringify(answers));
