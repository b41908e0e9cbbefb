//go:build parsers

package main

import (
	"encoding/json"
	"strings"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/model/parsers"
	"github.com/ollama/ollama/model/renderers"
)

func init() {
	operations["parser"] = parserInfo
	operations["renderer"] = rendererInfo
}

// parserInfo answers what a PARSER name gives a model.
func parserInfo(raw json.RawMessage) (answer, error) {
	var req struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	p := parsers.ParserForName(req.Name)
	if p == nil {
		return answer{"known": false}, nil
	}
	return answer{"known": true, "tools": p.HasToolSupport(), "thinking": p.HasThinkingSupport()}, nil
}

// rendererInfo answers whether a RENDERER name is known.
func rendererInfo(raw json.RawMessage) (answer, error) {
	var req struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	_, err := renderers.RenderWithRenderer(req.Name, []api.Message{{Role: "user", Content: "x"}}, nil, nil)
	return answer{"known": err == nil || !strings.Contains(err.Error(), "unknown renderer")}, nil
}
