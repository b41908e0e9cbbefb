package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/template"
)

func init() {
	operations["time"] = timing
}

// timing answers the shortest time of some renderings of a chat, in nanoseconds; for the benchmarks.
func timing(raw json.RawMessage) (answer, error) {
	var req struct {
		source
		Messages []api.Message `json:"messages"`
		Repeat   int           `json:"repeat"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return answer{"stage": "request"}, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	var best time.Duration
	for i := 0; i < min(max(req.Repeat, 1), 1000); i++ {
		begun := time.Now()
		if err := t.Execute(io.Discard, template.Values{Messages: req.Messages}); err != nil {
			return answer{"stage": "execute"}, err
		}
		if took := time.Since(begun); i == 0 || took < best {
			best = took
		}
	}
	return answer{"nanoseconds": best.Nanoseconds()}, nil
}
