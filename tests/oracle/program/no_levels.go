//go:build renderer_prompt && !levels

package main

import (
	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/server"
)

// resolveThink takes `think` as it is: renderers have levels since 0.34.3.
func resolveThink(_ *server.Model, think *api.ThinkValue) (*api.ThinkValue, bool, error) {
	return think, false, nil
}
