//go:build parser_reply

package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/model/parsers"
)

func init() {
	operations["parser_reply"] = parserReply
}

// parserReply splits a model's answer as ChatHandler does where a PARSER is set.
func parserReply(raw json.RawMessage) (answer, error) {
	var req struct {
		Name   string    `json:"name"`
		Think  *bool     `json:"think"`
		Tools  api.Tools `json:"tools"`
		Chunks []string  `json:"chunks"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	p := parsers.ParserForName(req.Name)
	if p == nil {
		return answer{"stage": "name"}, errors.New("no parser " + req.Name)
	}
	var think *api.ThinkValue
	if req.Think != nil {
		think = &api.ThinkValue{Value: *req.Think}
	}
	p.Init(req.Tools, &api.Message{Role: "user", Content: "x"}, think)
	var thought, content strings.Builder
	calls := []api.ToolCall{}
	for i, chunk := range append(req.Chunks, "") {
		text, thinking, found, err := p.Add(chunk, i == len(req.Chunks))
		if err != nil {
			return answer{"stage": "reply"}, err
		}
		thought.WriteString(thinking)
		content.WriteString(text)
		calls = append(calls, found...)
	}
	a := answer{"tool_calls": calls}
	a.text("thinking", thought.String())
	a.text("content", content.String())
	return a, nil
}
