//go:build infer

package main

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/template"
	"github.com/ollama/ollama/thinking"
	"github.com/ollama/ollama/tools"
)

func init() {
	operations["infer"] = infer
	operations["reply"] = reply
}

// infer answers the thinking tags and the tool-call tag that Ollama reads out of a TEMPLATE.
func infer(raw json.RawMessage) (answer, error) {
	var req source
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	a := answer{}
	opening, closing := thinking.InferTags(t.Template)
	a.text("opening", opening)
	a.text("closing", closing)
	a.text("tool_tag", reflect.ValueOf(tools.NewParser(t.Template, nil)).Elem().FieldByName("tag").String())
	return a, nil
}

// reply splits a model's answer as ChatHandler does where no PARSER is set.
func reply(raw json.RawMessage) (answer, error) {
	var req struct {
		source
		Prompt string    `json:"prompt"`
		Think  bool      `json:"think"`
		Tools  api.Tools `json:"tools"`
		Chunks []string  `json:"chunks"`
		B64    [][]byte  `json:"chunks_b64"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	for _, chunk := range req.B64 {
		req.Chunks = append(req.Chunks, string(chunk))
	}
	var state *thinking.Parser
	opening, closing := thinking.InferTags(t.Template)
	if req.Think && opening != "" && closing != "" {
		state = &thinking.Parser{OpeningTag: opening, ClosingTag: closing}
		if strings.HasSuffix(strings.TrimSpace(req.Prompt), opening) {
			state.AddContent(opening)
		}
	}
	var toolParser *tools.Parser
	if len(req.Tools) > 0 {
		toolParser = tools.NewParser(t.Template, req.Tools)
	}
	var thought, content strings.Builder
	calls := []api.ToolCall{}
	for i, chunk := range req.Chunks {
		last := i == len(req.Chunks)-1
		think, rest := "", chunk
		if state != nil {
			think, rest = state.AddContent(chunk)
			if think == "" && rest == "" && !last {
				continue
			}
		}
		if toolParser != nil {
			found, text := toolParser.Add(rest)
			switch {
			case len(text) > 0:
				rest = text
			case len(found) > 0:
				calls = append(calls, found...)
				rest = ""
			case think != "":
				// the text goes out as it is
			case last:
				rest = toolParser.Content()
			default:
				rest = ""
			}
		}
		thought.WriteString(think)
		content.WriteString(rest)
	}
	a := answer{"tool_calls": calls}
	a.text("thinking", thought.String())
	a.text("content", content.String())
	return a, nil
}
