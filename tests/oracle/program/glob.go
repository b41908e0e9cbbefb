package main

import (
	"encoding/json"
	"path/filepath"
)

func init() {
	operations["match"] = matchPattern
	operations["glob"] = globPattern
}

// matchPattern answers whether Go's path/filepath takes a name for one that a pattern means.
func matchPattern(raw json.RawMessage) (answer, error) {
	var req struct{ Pattern, Name string }
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	matched, err := filepath.Match(req.Pattern, req.Name)
	return answer{"matched": matched}, err
}

// globPattern answers the paths that a pattern means.
func globPattern(raw json.RawMessage) (answer, error) {
	var req struct{ Pattern string }
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	found, err := filepath.Glob(req.Pattern)
	return answer{"found": found}, err
}
