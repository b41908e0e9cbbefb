// Prints what gguf-parser-go knows of a GGUF's header as JSON: gguf_inspect FILE
package main

import (
	"encoding/json"
	"os"

	parser "github.com/gpustack/gguf-parser-go"
)

func main() {
	file, err := parser.ParseGGUFFile(os.Args[1], parser.UseMMap(), parser.SkipLargeMetadata())
	if err != nil {
		panic(err)
	}
	err = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"metadata":     file.Metadata(),
		"architecture": file.Architecture(),
		"tokenizer":    file.Tokenizer(),
	})
	if err != nil {
		panic(err)
	}
}
