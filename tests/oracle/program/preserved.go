//go:build native

package main

import (
	"encoding/json"
	_ "unsafe" // for go:linkname
)

func init() {
	operations["preserved_tokens"] = preservedTokens
}

//go:linkname llamaServerPreservedTokens github.com/ollama/ollama/llm.llamaServerPreservedTokens
func llamaServerPreservedTokens(parserTokens []string, toolCallTag string) []string

// preservedTokens answers which tokens the engine is asked to leave in a reply.
func preservedTokens(raw json.RawMessage) (answer, error) {
	var req struct {
		Parser []string `json:"parser"`
		Tag    string   `json:"tag"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	return answer{"tokens": llamaServerPreservedTokens(req.Parser, req.Tag)}, nil
}
