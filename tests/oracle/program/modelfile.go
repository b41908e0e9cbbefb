package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/parser"
)

func init() {
	operations["modelfile"] = parseModelfile
	operations["parameters"] = formatParameters
	operations["create_request"] = createRequest
	operations["printable"] = printable
}

// parseModelfile answers the commands of a Modelfile (its bytes in data_b64); with "printed", also
// what Ollama's own String() writes.
func parseModelfile(raw json.RawMessage) (answer, error) {
	var req struct {
		Data    []byte `json:"data_b64"`
		Printed bool   `json:"printed"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	f, err := parser.ParseFile(bytes.NewReader(req.Data))
	if err != nil {
		a := answer{}
		// A pointer since 0.5; the field is read by name so that one source serves all versions.
		for e := err; e != nil; e = errors.Unwrap(e) {
			v := reflect.Indirect(reflect.ValueOf(e))
			if v.Kind() == reflect.Struct {
				if line := v.FieldByName("LineNumber"); line.IsValid() {
					a["line"] = line.Int()
				}
			}
		}
		return a, err
	}
	commands := make([][2]string, 0, len(f.Commands))
	for _, c := range f.Commands {
		commands = append(commands, [2]string{
			base64.StdEncoding.EncodeToString([]byte(c.Name)),
			base64.StdEncoding.EncodeToString([]byte(c.Args)),
		})
	}
	a := answer{"commands": commands}
	if req.Printed {
		a.text("printed", f.String())
	}
	return a, nil
}

// formatParameters answers how Ollama reads the values of one PARAMETER.
func formatParameters(raw json.RawMessage) (answer, error) {
	var req struct {
		Name   string   `json:"name"`
		Values []string `json:"values"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	out, err := api.FormatParams(map[string][]string{req.Name: req.Values})
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(out[req.Name])
	if err != nil {
		return nil, err
	}
	return answer{"value": string(value)}, nil
}

// createRequest answers what Ollama's client sends to /api/create for a Modelfile, its files not read.
func createRequest(raw json.RawMessage) (answer, error) {
	var req struct {
		Data []byte `json:"data_b64"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	f, err := parser.ParseFile(bytes.NewReader(req.Data))
	if err != nil {
		return nil, err
	}
	body, err := f.CreateRequest("")
	if err != nil {
		return nil, err
	}
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return answer{"sent": string(sent)}, nil
}

// printable answers the ranges [first, last] of code points that strconv.IsPrint refuses.
func printable(json.RawMessage) (answer, error) {
	var ranges [][2]rune
	for r := rune(0); r <= 0x10FFFF; r++ {
		if strconv.IsPrint(r) {
			continue
		}
		if n := len(ranges); n > 0 && ranges[n-1][1] == r-1 {
			ranges[n-1][1] = r
		} else {
			ranges = append(ranges, [2]rune{r, r})
		}
	}
	return answer{"refused": ranges}, nil
}
