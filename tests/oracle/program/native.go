//go:build native

package main

import (
	"encoding/json"
	_ "unsafe" // for go:linkname

	"github.com/ollama/ollama/llm"
	"github.com/ollama/ollama/template"
	"github.com/ollama/ollama/types/model"
)

type media = llm.MediaData

func init() {
	operations["prefers_jinja"] = prefersJinja
}

//go:linkname chatTemplateCapabilities github.com/ollama/ollama/server.chatTemplateCapabilities
func chatTemplateCapabilities(capabilities []model.Capability, chatTemplate string) []model.Capability

//go:linkname goTemplateCapabilities github.com/ollama/ollama/server.goTemplateCapabilities
func goTemplateCapabilities(t *template.Template) []model.Capability

//go:linkname shouldPreferChatTemplate github.com/ollama/ollama/server.shouldPreferChatTemplate
func shouldPreferChatTemplate(chatTemplate string, chatTemplateCaps []model.Capability, goTemplate *template.Template, goTemplateCaps []model.Capability) bool

// prefersJinja answers what decides whether the GGUF's Jinja template beats a TEMPLATE.
func prefersJinja(raw json.RawMessage) (answer, error) {
	var req struct {
		source
		Jinja string `json:"jinja"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	jinja, golang := chatTemplateCapabilities(nil, req.Jinja), goTemplateCapabilities(t)
	return answer{
		"jinja":              req.Jinja != "" && shouldPreferChatTemplate(req.Jinja, jinja, t, golang),
		"jinja_capabilities": jinja, "go_capabilities": golang,
	}, nil
}
