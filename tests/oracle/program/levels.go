//go:build levels

package main

import (
	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/model/renderers"
	"github.com/ollama/ollama/server"
)

// resolveThink is what ChatHandler makes of `think` for a model with a RENDERER, and whether the model's
// levels settle it.
func resolveThink(m *server.Model, think *api.ThinkValue) (*api.ThinkValue, bool, error) {
	levels := m.Thinking()
	if levels == nil {
		return think, false, api.ValidateLegacyThinking(think)
	}
	return renderers.ResolveThinking(think, levels), true, nil
}
