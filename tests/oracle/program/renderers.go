//go:build renderer_prompt

package main

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/model/parsers"
	"github.com/ollama/ollama/server"
	"github.com/ollama/ollama/template"
	"github.com/ollama/ollama/types/model"
)

func init() {
	operations["renderer_prompt"] = rendererPrompt
}

// rendererPrompt renders a chat request as ChatHandler does for a model with a RENDERER, from the decoded
// request to the prompt. A token is counted for every rune.
func rendererPrompt(raw json.RawMessage) (answer, error) {
	var req struct {
		api.ChatRequest
		Renderer  string        `json:"renderer"`
		Parser    string        `json:"parser"`
		System    string        `json:"system"`
		Own       []api.Message `json:"own_messages"`
		Name      string        `json:"name"`
		Family    string        `json:"family"`
		Size      string        `json:"size"`
		Projector bool          `json:"projector"`
		NumCtx    int           `json:"num_ctx"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return answer{"stage": "request"}, err
	}
	t, err := template.Parse("{{ .Prompt }}")
	if err != nil {
		return nil, err
	}
	m := &server.Model{Name: req.Name, ShortName: req.Name, Template: t, System: req.System, Messages: req.Own}
	m.Config.Renderer, m.Config.Parser = req.Renderer, req.Parser
	m.Config.ModelFamily, m.Config.ModelType = req.Family, req.Size
	m.Config.ModelFamilies = []string{req.Family}
	if req.Projector {
		m.ProjectorPaths = []string{"projector.gguf"}
	}
	capabilities := m.Capabilities()
	think, strict, err := resolveThink(m, req.Think)
	if err != nil {
		return answer{"status": 400}, err
	}
	if len(req.Tools) > 0 && !slices.Contains(capabilities, model.CapabilityTools) {
		return answer{"status": 400}, errText("does not support tools")
	}
	if slices.Contains(capabilities, model.CapabilityThinking) {
		if think == nil && !strict {
			think = &api.ThinkValue{Value: true}
		}
	} else if think != nil && think.Bool() {
		return answer{"status": 400}, errText("does not support thinking")
	}
	msgs := append(m.Messages, req.Messages...)
	if len(req.Messages) > 0 && req.Messages[0].Role != "system" && m.System != "" {
		msgs = append([]api.Message{{Role: "system", Content: m.System}}, msgs...)
	}
	msgs = filterThinkTags(msgs, m)
	tools := []api.Tool(req.Tools)
	if p := parsers.ParserForName(req.Parser); p != nil && len(msgs) > 0 {
		tools = p.Init(req.Tools, &msgs[len(msgs)-1], think)
	}
	opts := api.DefaultOptions()
	opts.NumCtx = req.NumCtx
	count := func(_ context.Context, s string) ([]int, error) { return make([]int, len([]rune(s))), nil }
	prompt, media, err := chatPrompt(context.Background(), m, count, &opts, msgs, tools, think, req.NumCtx > 0)
	a := answer{"capabilities": capabilities, "images": len(media)}
	a.text("prompt", prompt)
	return a, err
}
