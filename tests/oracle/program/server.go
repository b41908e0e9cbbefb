//go:build server

package main

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	_ "unsafe" // for go:linkname

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/server"
	"github.com/ollama/ollama/template"
	"github.com/ollama/ollama/types/model"
)

func init() {
	operations["server_prompt"] = serverPrompt
}

// The server's own functions, which it does not export; the linker finds them by name.

//go:linkname chatPrompt github.com/ollama/ollama/server.chatPrompt
func chatPrompt(ctx context.Context, m *server.Model, tokenize func(context.Context, string) ([]int, error), opts *api.Options, msgs []api.Message, tools []api.Tool, think *api.ThinkValue, truncate bool) (string, []media, error)

//go:linkname filterThinkTags github.com/ollama/ollama/server.filterThinkTags
func filterThinkTags(msgs []api.Message, m *server.Model) []api.Message

// serverPrompt renders a chat request as ChatHandler does, from the decoded request to the prompt.
// A token is counted for every rune, so that truncation can be compared.
func serverPrompt(raw json.RawMessage) (answer, error) {
	var req struct {
		source
		api.ChatRequest
		System    string        `json:"system"`
		Own       []api.Message `json:"own_messages"`
		Name      string        `json:"name"`
		Family    string        `json:"family"`
		Projector bool          `json:"projector"`
		NumCtx    int           `json:"num_ctx"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return answer{"stage": "request"}, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	m := &server.Model{Name: req.Name, Template: t, System: req.System, Messages: req.Own}
	if has := reflect.ValueOf(m).Elem().FieldByName("HasGoTemplate"); has.IsValid() {
		has.SetBool(true)
	}
	m.Config.ModelFamily = req.Family
	m.Config.ModelFamilies = []string{req.Family}
	if req.Projector {
		m.ProjectorPaths = []string{"projector.gguf"}
	}
	capabilities := m.Capabilities()
	a := answer{"capabilities": capabilities}
	if len(req.Tools) > 0 && !slices.Contains(capabilities, model.CapabilityTools) {
		a["status"] = 400
		return a, errText("does not support tools")
	}
	if slices.Contains(capabilities, model.CapabilityThinking) {
		if req.Think == nil {
			req.Think = &api.ThinkValue{Value: true}
		}
	} else if req.Think != nil && req.Think.Bool() {
		a["status"] = 400
		return a, errText("does not support thinking")
	}
	msgs := append(m.Messages, req.Messages...)
	if len(req.Messages) > 0 && req.Messages[0].Role != "system" && m.System != "" {
		msgs = append([]api.Message{{Role: "system", Content: m.System}}, msgs...)
	}
	msgs = filterThinkTags(msgs, m)
	opts := api.DefaultOptions()
	opts.NumCtx = req.NumCtx
	count := func(_ context.Context, s string) ([]int, error) { return make([]int, len([]rune(s))), nil }
	prompt, media, err := chatPrompt(context.Background(), m, count, &opts, msgs, req.Tools, req.Think, req.NumCtx > 0)
	a.text("prompt", prompt)
	a["images"] = len(media)
	return a, err
}

type errText string

func (e errText) Error() string { return string(e) }
