//go:build native

package main

import (
	"encoding/json"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/harmony"
)

func init() {
	operations["harmony_names"] = harmonyNames
}

// harmonyNames answers the names under which harmony shows tools to the model.
func harmonyNames(raw json.RawMessage) (answer, error) {
	var req struct {
		Names []string `json:"names"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	tools := make([]api.Tool, len(req.Names))
	for i, name := range req.Names {
		tools[i].Function.Name = name
	}
	shown := []string{}
	for _, tool := range harmony.NewHarmonyMessageHandler().Init(tools, nil, nil) {
		shown = append(shown, tool.Function.Name)
	}
	return answer{"names": shown}, nil
}
