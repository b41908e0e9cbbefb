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
	operations["parser_promises"] = parserPromises
}

// parserReply splits a model's answer as ChatHandler does where a PARSER is set. The last message and
// `think` may be left out; chunks that JSON cannot carry come in chunks_b64. Where the parser refuses the
// answer, what it gave before is answered too.
func parserReply(raw json.RawMessage) (answer, error) {
	var req struct {
		Name      string          `json:"name"`
		Think     *api.ThinkValue `json:"think"`
		Tools     api.Tools       `json:"tools"`
		Last      *api.Message    `json:"last"`
		Chunks    []string        `json:"chunks"`
		ChunksB64 [][]byte        `json:"chunks_b64"`
		Together  bool            `json:"together"` // the end comes with the last chunk
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	for _, chunk := range req.ChunksB64 {
		req.Chunks = append(req.Chunks, string(chunk))
	}
	p := parsers.ParserForName(req.Name)
	if p == nil {
		return answer{"stage": "name"}, errors.New("no parser " + req.Name)
	}
	p.Init(req.Tools, req.Last, req.Think)
	var thought, content strings.Builder
	calls := []json.RawMessage{}
	a := answer{}
	var failed error
	func() {
		defer func() {
			if r := recover(); r != nil {
				a["panic"] = true
				failed = errors.New("panic")
			}
		}()
		if !req.Together {
			req.Chunks = append(req.Chunks, "")
		}
		for i, chunk := range req.Chunks {
			text, thinking, found, err := p.Add(chunk, i == len(req.Chunks)-1)
			written := []json.RawMessage{}
			for _, call := range found {
				one, jsonErr := json.Marshal(call)
				if jsonErr != nil && err == nil {
					err = jsonErr
				}
				written = append(written, one)
			}
			if err != nil {
				failed = err
				return
			}
			thought.WriteString(thinking)
			content.WriteString(text)
			calls = append(calls, written...)
		}
	}()
	if failed != nil {
		a["stage"] = "reply"
	}
	a["tool_calls"] = calls
	a.text("thinking", thought.String())
	a.text("content", content.String())
	return a, failed
}

// parserPromises answers what a parser says of itself, before and after it was told a request.
func parserPromises(raw json.RawMessage) (answer, error) {
	var req struct {
		Name  string          `json:"name"`
		Think *api.ThinkValue `json:"think"`
		Tools api.Tools       `json:"tools"`
		Last  *api.Message    `json:"last"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	p := parsers.ParserForName(req.Name)
	if p == nil {
		return answer{"known": false}, nil
	}
	p.Init(req.Tools, req.Last, req.Think)
	a := answer{
		"known": true, "tools": p.HasToolSupport(), "thinking": p.HasThinkingSupport(), "preserved": p.PreservedTokens(),
	}
	// Only since 0.34.4.
	if closing, ok := any(p).(interface{ ThinkingClose() []string }); ok {
		a["thinking_close"] = closing.ThinkingClose()
	}
	return a, nil
}
